#include "paserk.h"

#include <algorithm>
#include <cassert>

#include "hazmat.h"

// paserk = "k4." type "." base64url( body )
//
//   type     body
//   public   key 32
//   local    key 32
//   secret   seed 32 ‖ public key 32
//   pid      BLAKE2b-264( "k4.pid." ‖ the k4.public text )
//   lid      BLAKE2b-264( "k4.lid." ‖ the k4.local text )
//   sid      BLAKE2b-264( "k4.sid." ‖ the k4.secret text )
//
// The other types are in paserk_pie.cc, paserk_pw.cc and paserk_seal.cc.

namespace signet::paserk {

namespace {

struct TypeRow {
  Type type;
  std::string_view prefix;
  size_t body_size;
};

// In the order of Type.
constexpr TypeRow kTypes[] = {
    {Type::kLid, "k4.lid.", 33},
    {Type::kLocal, "k4.local.", 32},
    {Type::kLocalPw, "k4.local-pw.", 120},
    {Type::kLocalWrap, "k4.local-wrap.pie.", 96},
    {Type::kPid, "k4.pid.", 33},
    {Type::kPublic, "k4.public.", 32},
    {Type::kSeal, "k4.seal.", 96},
    {Type::kSecret, "k4.secret.", 64},
    {Type::kSecretPw, "k4.secret-pw.", 152},
    {Type::kSecretWrap, "k4.secret-wrap.pie.", 128},
    {Type::kSid, "k4.sid.", 33},
};

const TypeRow& Row(Type type) {
  const TypeRow& row = kTypes[static_cast<size_t>(type)];
  assert(row.type == type);
  return row;
}

Error Unsupported(std::string what) {
  return {ErrorCode::kUnsupported, std::move(what)};
}

void WipeText(std::string& text) {
  Wipe({reinterpret_cast<uint8_t*>(text.data()), text.size()});
}

// Id names the key whose text is `paserk`.
std::string Id(Type id, std::string_view paserk) {
  std::array<uint8_t, 33> digest;
  hazmat::Blake2bStream(digest.size())
      .Update(AsBytes(Prefix(id)))
      .Update(AsBytes(paserk))
      .Finish(digest);
  return EncodeBody(id, digest);
}

// SecretTextId is the Id of a text that is itself secret.
std::string SecretTextId(Type id, std::string paserk) {
  std::string text = Id(id, paserk);
  WipeText(paserk);
  return text;
}

}  // namespace

std::string_view Prefix(Type type) { return Row(type).prefix; }

size_t BodySize(Type type) { return Row(type).body_size; }

Result<Type> TypeOf(std::string_view text) {
  for (const TypeRow& row : kTypes) {
    if (text.starts_with(row.prefix)) return row.type;
  }
  for (std::string_view wrap : {"k4.local-wrap.", "k4.secret-wrap."}) {
    if (text.starts_with(wrap) && text.find('.', wrap.size()) != text.npos) {
      return Unsupported("a PASERK wrapped by another protocol than pie");
    }
  }
  // "The version of a PASERK MUST match the version of the PASETO it's used
  // with": keys of other versions have no use here.
  if (text.size() > 2 && text[0] == 'k' && text[1] >= '1' && text[1] <= '9' &&
      text[1] != '4' && text[2] == '.') {
    return Unsupported("a PASERK of version k" + std::string(1, text[1]) +
                       ", only k4 is supported");
  }
  return Error{ErrorCode::kInvalid, "not a PASERK of a known type"};
}

std::string EncodeBody(Type type, Bytes body) {
  assert(body.size() == BodySize(type));
  std::string encoded = Base64UrlEncode(body);
  std::string text;
  text.reserve(Prefix(type).size() + encoded.size());
  text.append(Prefix(type)).append(encoded);
  WipeText(encoded);
  return text;
}

Status DecodeBody(Type type, std::string_view text, std::span<uint8_t> body) {
  assert(body.size() == BodySize(type));
  Result<Type> found = TypeOf(text);
  if (!found.ok()) return found.error();
  const std::string prefix(Prefix(type));
  if (*found != type) {
    return Error{ErrorCode::kInvalid, "a " + std::string(Prefix(*found)) +
                                          " text where " + prefix + " is due"};
  }
  const std::string_view encoded = text.substr(prefix.size());
  const size_t size = (body.size() * 8 + 5) / 6;
  if (encoded.size() != size) {
    return Error{ErrorCode::kInvalid, "a " + prefix + " text of " +
                                          std::to_string(text.size()) +
                                          " characters, it must be " +
                                          std::to_string(prefix.size() + size)};
  }
  if (!Base64UrlDecodeTo(encoded, body)) {
    return Error{ErrorCode::kInvalid,
                 "a " + prefix + " text that is not canonical base64url"};
  }
  return {};
}

Error Denied(Type type) {
  return {ErrorCode::kDenied, "opening a " + std::string(Prefix(type)) +
                                  " text: another key or password, or an "
                                  "altered text"};
}

Result<SecretKeyBytes> SeedOf(std::span<const uint8_t, 64> secret) {
  SecretBytes<64> expanded;
  hazmat::Ed25519Expand(secret.first<32>(), expanded.span());
  if (!ConstantTimeEqual(expanded.span(), secret)) {
    return Error{ErrorCode::kInvalid,
                 "the halves of the secret key do not belong together"};
  }
  SecretKeyBytes seed;
  std::ranges::copy(secret.first<32>(), seed.span().begin());
  return seed;
}

std::string PublicId(KeySpan public_key) {
  return Id(Type::kPid, EncodePublic(public_key));
}

std::string LocalId(KeySpan key) {
  return SecretTextId(Type::kLid, ExposeLocal(key));
}

std::string SecretId(KeySpan seed) {
  return SecretTextId(Type::kSid, ExposeSecret(seed));
}

Status CheckId(Type type, std::string_view text) {
  assert(type == Type::kLid || type == Type::kPid || type == Type::kSid);
  std::array<uint8_t, 33> digest;
  return DecodeBody(type, text, digest);
}

std::string EncodePublic(KeySpan public_key) {
  return EncodeBody(Type::kPublic, public_key);
}

Result<std::array<uint8_t, 32>> DecodePublic(std::string_view text) {
  std::array<uint8_t, 32> public_key;
  Status decoded = DecodeBody(Type::kPublic, text, public_key);
  if (!decoded.ok()) return decoded.error();
  return public_key;
}

std::string ExposeLocal(KeySpan key) { return EncodeBody(Type::kLocal, key); }

std::string ExposeSecret(KeySpan seed) {
  SecretBytes<64> expanded;
  hazmat::Ed25519Expand(seed, expanded.span());
  return EncodeBody(Type::kSecret, expanded.span());
}

Result<SecretKeyBytes> DecodeLocal(std::string_view text) {
  SecretKeyBytes key;
  Status decoded = DecodeBody(Type::kLocal, text, key.span());
  if (!decoded.ok()) return decoded.error();
  return key;
}

Result<SecretKeyBytes> DecodeSecret(std::string_view text) {
  SecretBytes<64> secret;
  Status decoded = DecodeBody(Type::kSecret, text, secret.span());
  if (!decoded.ok()) return decoded.error();
  return SeedOf(secret.span());
}

}  // namespace signet::paserk
