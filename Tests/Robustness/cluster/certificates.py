"""Certificates by openssl: an authority and what it signs."""

import os
import subprocess


def openssl(*words):
    done = subprocess.run(["openssl", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {words[0]} failed: {done.stdout.strip()[-500:]}")


class Authority:
    """Signs certificates for loopback, for servers and for clients, since members are both."""

    def __init__(self, folder):
        self.folder = folder
        self.certificate = os.path.join(folder, "ca.crt")
        self.key = os.path.join(folder, "ca.key")
        openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", f"/CN={os.path.basename(folder)}", "-keyout", self.key, "-out", self.certificate)

    def issue(self, name):
        """The files of a new certificate and its key."""
        base = os.path.join(self.folder, name)
        openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
            "-keyout", f"{base}.key", "-out", f"{base}.csr")
        with open(f"{base}.ext", "w") as extensions:
            extensions.write(
                "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n"
                "keyUsage=digitalSignature\n")
        openssl(
            "x509", "-req", "-in", f"{base}.csr", "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
            "-days", "2", "-extfile", f"{base}.ext", "-out", f"{base}.crt")
        return f"{base}.crt", f"{base}.key"
