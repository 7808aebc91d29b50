#ifndef SIGNET_SERVICE_TRACE_H_
#define SIGNET_SERVICE_TRACE_H_

#include <optional>
#include <string>
#include <string_view>

namespace signet::service {

// ParseTraceparent returns the trace id of a W3C Trace Context header, 32
// lower-case hexadecimal digits. nullopt if it is not valid:
//
//   traceparent = version "-" 32HEX "-" 16HEX "-" 2HEX [ "-" … ]
//
// Version 00 has nothing behind the flags, ff is forbidden, and an id of
// zeros only is invalid.
std::optional<std::string> ParseTraceparent(std::string_view header);

// NewTraceId is random.
std::string NewTraceId();

}  // namespace signet::service

#endif  // SIGNET_SERVICE_TRACE_H_
