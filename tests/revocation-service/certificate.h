#ifndef SIGNET_TESTS_REVOCATION_SERVICE_CERTIFICATE_H_
#define SIGNET_TESTS_REVOCATION_SERVICE_CERTIFICATE_H_

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <string>

namespace signet::testing {

// WriteCertificate makes a self-signed certificate for 127.0.0.1.
inline void WriteCertificate(const std::string& cert_path,
                             const std::string& key_path) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* cert = X509_new();
  X509_set_version(cert, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
  X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
  X509_set_pubkey(cert, key);
  X509_NAME* name = X509_get_subject_name(cert);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const uint8_t*>("test"), -1, -1,
                             0);
  X509_set_issuer_name(cert, name);
  X509_EXTENSION* names = X509V3_EXT_conf_nid(
      nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
  X509_add_ext(cert, names, -1);
  X509_EXTENSION_free(names);
  X509_sign(cert, key, EVP_sha256());
  FILE* file = fopen(cert_path.c_str(), "w");
  PEM_write_X509(file, cert);
  fclose(file);
  file = fopen(key_path.c_str(), "w");
  PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  fclose(file);
  X509_free(cert);
  EVP_PKEY_free(key);
}

}  // namespace signet::testing

#endif  // SIGNET_TESTS_REVOCATION_SERVICE_CERTIFICATE_H_
