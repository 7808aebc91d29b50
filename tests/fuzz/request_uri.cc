#include "request_uri.h"

#include "tests/fuzz/support.h"

namespace signet::fuzz {
namespace {

FUZZ_TARGET(input) {
  const auto uri = NormalizeRequestUri(input);
  if (!uri) return;
  FUZZ_CHECK(uri->starts_with("https://") || uri->starts_with("http://"));
  FUZZ_CHECK(uri->find_first_of("?#") == uri->npos);
  // A host may be a dot.
  const std::string_view path = std::string_view(*uri).substr(
      uri->find('/', std::string_view("https://").size()));
  FUZZ_CHECK(path.find("/../") == path.npos && path.find("/./") == path.npos);
  for (const char c : *uri) FUZZ_CHECK(c > ' ' && c < 0x7f);
  // One spelling: it stands for itself, whatever query is behind it.
  FUZZ_CHECK(NormalizeRequestUri(*uri) == uri);
  FUZZ_CHECK(NormalizeRequestUri(*uri + "?a=b#c") == uri);
}

}  // namespace
}  // namespace signet::fuzz
