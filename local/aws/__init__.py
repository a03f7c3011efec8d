"""AWS on this machine: ministack, extended in process, a module for each gap that it has.

Each module here says at its top what it mends, and has `install()`, which runs before ministack serves; it may have
`resume()`, which runs once the state of the last time is there and before anyone is answered, and `stop()`, which runs
when all is to end. What it registers are ministack's own handlers, in `provisioners._RESOURCE_HANDLERS`.
"""
