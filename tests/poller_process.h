#ifndef SIGNET_TESTS_POLLER_PROCESS_H_
#define SIGNET_TESTS_POLLER_PROCESS_H_

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "tests/temp_dir.h"

namespace signet::testing {

// PollerProcess runs the poller that docs/pollers.md prints, and asks it about
// tokens.
class PollerProcess {
 public:
  explicit PollerProcess(const std::string& url) {
    std::ofstream(directory_ / "poller.py") << Printed() << R"(
import os, sys, threading
poller = Revocations(sys.argv[1], sys.argv[2], wait=1)
def run():
    while True:
        try: poller.poll()
        except Exception: time.sleep(0.05)
threading.Thread(target=run, daemon=True).start()
for line in sys.stdin:
    claims, kid, max_age = json.loads(line)
    with open("answer.new", "w") as file:
        file.write(poller.verdict(claims, kid, max_age) + "\n" + poller.next)
    os.rename("answer.new", "answer")
)";
    const std::string command = "cd '" + directory_.path() +
                                "' && exec python3 poller.py '" + url +
                                "' 'Basic ZGV2OmRldi1zZWNyZXQ='";
    pipe_ = ::popen(command.c_str(), "w");
    REQUIRE(pipe_ != nullptr);
  }
  ~PollerProcess() { ::pclose(pipe_); }
  PollerProcess(const PollerProcess&) = delete;
  PollerProcess& operator=(const PollerProcess&) = delete;

  // Verdict is what it says of a token now; empty if it does not answer.
  std::string Verdict(const boost::json::object& claims,
                      const std::string& key_id = "some-key",
                      int max_age = 1'000'000) {
    const boost::json::array question = {claims, key_id, max_age};
    const std::string line = boost::json::serialize(question) + "\n";
    std::remove((directory_ / "answer").c_str());
    std::fputs(line.c_str(), pipe_);
    std::fflush(pipe_);
    for (int i = 0; i < 1000; ++i) {
      std::ifstream file(directory_ / "answer");
      std::string verdict;
      if (std::getline(file, verdict)) {
        std::getline(file, next_);
        return verdict;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return "";
  }

  // Becomes asks until that is the verdict, for a minute at most.
  bool Becomes(const std::string& verdict, const boost::json::object& claims,
               const std::string& key_id = "some-key",
               int max_age = 1'000'000) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (Verdict(claims, key_id, max_age) != verdict) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }

  // next is what it was about to ask at the last verdict.
  const std::string& next() const { return next_; }

 private:
  // Printed is the page's one block of Python: 30 lines at most.
  static std::string Printed() {
    std::ifstream file(std::string(SIGNET_SOURCE_DIR) + "/docs/pollers.md");
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    const std::string begin = "```python\n";
    const size_t at = page.find(begin);
    REQUIRE(at != std::string::npos);
    const size_t from = at + begin.size();
    const std::string code = page.substr(from, page.find("```", from) - from);
    CHECK(std::count(code.begin(), code.end(), '\n') <= 30);
    return code;
  }

  TempDir directory_;
  FILE* pipe_ = nullptr;
  std::string next_;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_POLLER_PROCESS_H_
