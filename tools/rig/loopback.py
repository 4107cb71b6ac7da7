"""Switch loopback on in a new network namespace: ``python loopback.py``; wants no other program."""

import fcntl
import socket
import struct

GET_FLAGS = 0x8913  # SIOCGIFFLAGS, SIOCSIFFLAGS and IFF_UP of linux/sockios.h and linux/if.h
SET_FLAGS = 0x8914
UP = 1
REQUEST = "16sh14x"  # struct ifreq as far as its flags

if __name__ == "__main__":
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        found = fcntl.ioctl(asked, GET_FLAGS, struct.pack(REQUEST, b"lo", 0))
        flags = struct.unpack(REQUEST, found)[1]
        fcntl.ioctl(asked, SET_FLAGS, struct.pack(REQUEST, b"lo", flags | UP))
