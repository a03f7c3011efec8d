"""What goes wrong with an image."""


class ImageError(Exception):
    """The image cannot be named, built or pushed; the message is one line that says why, and what to do."""
