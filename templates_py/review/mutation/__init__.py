"""Whether the relations would find what somebody breaks: templates broken in small ways, wherever each way fits."""
