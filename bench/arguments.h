#ifndef SIGNET_BENCH_ARGUMENTS_H_
#define SIGNET_BENCH_ARGUMENTS_H_

#include <string>
#include <string_view>

namespace signet::bench {

// Arguments are those of a benchmark of several parts: [--small] [PART].
struct Arguments {
  bool small = false;
  std::string only;  // empty: all parts

  static Arguments Read(int argc, char** argv) {
    Arguments read;
    for (int i = 1; i < argc; ++i) {
      const std::string_view argument = argv[i];
      if (argument == "--small") {
        read.small = true;
      } else {
        read.only = argument;
      }
    }
    return read;
  }
  bool Wants(std::string_view part) const {
    return only.empty() || only == part;
  }
};

}  // namespace signet::bench

#endif  // SIGNET_BENCH_ARGUMENTS_H_
