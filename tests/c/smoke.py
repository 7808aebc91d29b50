"""Loads the shared object as any language does: smoke.py LIBRARY FIXTURES."""
import ctypes
import sys

library, fixtures = sys.argv[1:]
c = ctypes.CDLL(library)
for name in ("policy_new", "verdict_new"):
    getattr(c, "signet_" + name).restype = ctypes.c_void_p
for name in ("version", "verdict_claim", "refusal_name"):
    getattr(c, "signet_" + name).restype = ctypes.c_char_p
size = ctypes.c_size_t
pointer = ctypes.c_void_p


def read(name):
    with open(f"{fixtures}/{name}", "rb") as file:
        return file.read()


def must(code, error):
    if code != 0:
        sys.exit(error.value.decode())


error = ctypes.create_string_buffer(512)
ring, verifier = pointer(), pointer()
text = read("access.pub.json")
must(c.signet_ring_parse(text, size(len(text)), ctypes.byref(ring), error,
                         size(512)), error)
policy = pointer(c.signet_policy_new())
c.signet_policy_set_issuer(policy, b"https://login.example")
c.signet_policy_set_audience(policy, b"orders")
must(c.signet_verifier_new_without_revocation(
    policy, ring, ctypes.byref(verifier), error, size(512)), error)
verdict = pointer(c.signet_verdict_new())


def verify(token):
    return c.signet_verify(verifier, token, size(len(token)), verdict)


token = read("good.token")
assert c.signet_version().count(b".") == 2
assert verify(token) == 0
assert c.signet_verdict_claim(verdict, 2, None).decode() == "z\u00fcrich"
assert verify(token[:-1]) == 100
assert verify(read("expired.token")) == 100
refusal = c.signet_verdict_refusal(verdict)
assert c.signet_refusal_name(refusal) == b"expired"
c.signet_verdict_free(verdict)
c.signet_policy_free(policy)
c.signet_ring_free(ring)
c.signet_verifier_free(verifier)
