"""Certificates and kubeconfigs, made by openssl as operators of a stock API server make theirs."""

import base64
import json
import os

from machines import call

NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
DAYS = "2"


class Authority:
    def __init__(self, folder):
        os.makedirs(folder, 0o700)
        self.folder = folder
        self.certificate, self.key = self.path("ca.crt"), self.path("ca.key")
        call(
            "openssl", "req", "-x509", *NEW_KEY, "-days", DAYS, "-subj", "/CN=kubernetes", "-keyout", self.key, "-out",
            self.certificate, "-addext", "keyUsage=critical,digitalSignature,keyCertSign,cRLSign")

    def path(self, name):
        return os.path.join(self.folder, name)

    def client(self, name, user, *groups):
        """Paths of a certificate and its key."""
        subject = "".join(f"/O={group}" for group in groups) + f"/CN={user}"
        return self.signed(name, subject, "extendedKeyUsage=clientAuth\n")

    def server(self, name, *names):
        """The same for a server; names that begin with a digit are addresses."""
        alternatives = ",".join(f"{'IP' if other[0].isdigit() else 'DNS'}:{other}" for other in names)
        return self.signed(name, f"/CN={name}", f"extendedKeyUsage=serverAuth\nsubjectAltName={alternatives}\n")

    def signed(self, name, subject, extensions):
        certificate, key, request, extra = (self.path(f"{name}.{end}") for end in ("crt", "key", "csr", "ext"))
        with open(extra, "w") as file:
            file.write("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\n" + extensions)
        call("openssl", "req", "-new", *NEW_KEY, "-subj", subject, "-keyout", key, "-out", request)
        call(
            "openssl", "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
            "-days", DAYS, "-extfile", extra, "-out", certificate)
        return certificate, key

    def token_keys(self):
        """Paths of what signs and what verifies the tokens of service accounts."""
        signing, verifying = self.path("sa.key"), self.path("sa.pub")
        call("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", signing)
        call("openssl", "pkey", "-in", signing, "-pubout", "-out", verifying)
        return signing, verifying

    def kubeconfig(self, name, server, user, *groups):
        certificate, key = self.client(name, user, *groups)
        path = self.path(f"{name}.kubeconfig")
        with open(path, "w") as file:
            json.dump({
                "apiVersion": "v1", "kind": "Config", "current-context": "stock",
                "clusters": [{"name": "stock", "cluster": {
                    "server": server, "certificate-authority-data": encoded(self.certificate)}}],
                "contexts": [{"name": "stock", "context": {"cluster": "stock", "user": name}}],
                "users": [{"name": name, "user": {
                    "client-certificate-data": encoded(certificate), "client-key-data": encoded(key)}}]}, file)
        return path


def encoded(path):
    with open(path, "rb") as file:
        return base64.b64encode(file.read()).decode()
