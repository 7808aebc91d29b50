#include "published.h"

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace signet {
namespace {

// Version counts how many of its kind are alive and spoils itself when it
// dies, so that a late reader shows.
struct Version {
  static inline std::atomic<int> alive{0};
  explicit Version(int n) : number(n), check(~n) { ++alive; }
  ~Version() {
    check = number;
    --alive;
  }
  int number;
  int check;
};

TEST_CASE("nothing is read before the first publication") {
  Published<Version> published;
  CHECK_FALSE(static_cast<bool>(published.Read()));
  CHECK(published.Read().get() == nullptr);
}

TEST_CASE("a reader sees the version published last") {
  Published<Version> published(std::make_unique<Version>(1));
  CHECK(published.Read()->number == 1);
  published.Publish(std::make_unique<Version>(2));
  CHECK((*published.Read()).number == 2);
}

TEST_CASE("the old version is destroyed when Publish returns") {
  const int before = Version::alive;
  {
    Published<Version> published(std::make_unique<Version>(1));
    published.Publish(std::make_unique<Version>(2));
    CHECK(Version::alive == before + 1);
    published.Publish(nullptr);
    CHECK(Version::alive == before);
    CHECK_FALSE(static_cast<bool>(published.Read()));
  }
  CHECK(Version::alive == before);
}

TEST_CASE("Publish waits for a reader that holds the old version") {
  Published<Version> published(std::make_unique<Version>(1));
  std::atomic<bool> reading{false}, release{false}, done{false};
  std::thread reader([&] {
    const auto guard = published.Read();
    reading = true;
    while (!release) std::this_thread::yield();
    CHECK(guard->check == ~1);
  });
  while (!reading) std::this_thread::yield();
  std::thread writer([&] {
    published.Publish(std::make_unique<Version>(2));
    done = true;
  });
  while (published.Read()->number != 2) std::this_thread::yield();
  CHECK_FALSE(done);
  release = true;
  reader.join();
  writer.join();
  CHECK(done);
}

TEST_CASE("guards nest on one thread") {
  Published<Version> published(std::make_unique<Version>(7));
  const auto outer = published.Read();
  const auto inner = published.Read();
  CHECK(outer.get() == inner.get());
}

TEST_CASE("no reader ever sees a version that was destroyed") {
  const int before = Version::alive;
  {
    Published<Version> published(std::make_unique<Version>(0));
    std::atomic<bool> stop{false};
    std::atomic<int> wrong{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < 4; ++i) {
      readers.emplace_back([&] {
        int last = 0;
        while (!stop) {
          const auto guard = published.Read();
          if (guard->check != ~guard->number || guard->number < last) ++wrong;
          last = guard->number;
        }
      });
    }
    for (int i = 1; i <= 3000; ++i) {
      published.Publish(std::make_unique<Version>(i));
    }
    stop = true;
    for (std::thread& reader : readers) reader.join();
    CHECK(wrong == 0);
    CHECK(published.Read()->number == 3000);
  }
  CHECK(Version::alive == before);
}

TEST_CASE("more threads than stripes share them safely") {
  Published<Version> published(std::make_unique<Version>(0));
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 100; ++i) {
    readers.emplace_back([&] {
      for (int n = 0; n < 50; ++n) {
        const auto guard = published.Read();
        if (guard->check != ~guard->number) ++wrong;
      }
    });
  }
  for (int i = 1; i <= 100; ++i) {
    published.Publish(std::make_unique<Version>(i));
  }
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace signet
