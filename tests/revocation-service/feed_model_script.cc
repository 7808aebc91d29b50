#include "feed_model_script.h"

#include <algorithm>
#include <array>
#include <random>

namespace signet::service::model {
namespace {

constexpr const char* kNames[] = {"wait",
                                  "exchange",
                                  "ask",
                                  "serve",
                                  "replay",
                                  "deliver",
                                  "break",
                                  "tamper",
                                  "rings",
                                  "old rings",
                                  "open",
                                  "revoke",
                                  "revoke in vain",
                                  "turn",
                                  "store fails",
                                  "store works",
                                  "service restart",
                                  "trim",
                                  "rotate",
                                  "back up",
                                  "restore",
                                  "lose end",
                                  "service clock",
                                  "replica clock",
                                  "replica restart"};
static_assert(std::size(kNames) == kOps);

using Weights = std::array<unsigned, kOps>;

void Set(Weights& weights, Op op, unsigned weight) {
  weights[static_cast<size_t>(op)] = weight;
}

// Each seed leaves some kinds of trouble out: what hides a fault in one world
// is absent in the next.
Weights WeightsOf(std::mt19937_64& random) {
  const auto one_in = [&](unsigned n) { return random() % n == 0; };
  Weights weights{};
  Set(weights, Op::kWait, 30);
  Set(weights, Op::kExchange, 30);
  Set(weights, Op::kOpen, 10);
  Set(weights, Op::kRevoke, 14);
  Set(weights, Op::kTurn, 8);
  Set(weights, Op::kRings, 4);
  if (!one_in(5)) {
    Set(weights, Op::kAsk, 14);
    Set(weights, Op::kServe, 14);
    Set(weights, Op::kDeliver, 20);
    Set(weights, Op::kBreak, 3);
  }
  if (one_in(2)) Set(weights, Op::kReplay, 12);
  if (one_in(2)) Set(weights, Op::kOldRings, 2);
  if (one_in(2)) Set(weights, Op::kTamper, 10);
  if (one_in(2)) Set(weights, Op::kServiceClock, 4);
  if (one_in(2)) Set(weights, Op::kReplicaClock, 5);
  if (one_in(2)) Set(weights, Op::kReplicaRestart, 3);
  if (one_in(2)) Set(weights, Op::kServiceRestart, 2);
  if (one_in(3)) {
    Set(weights, Op::kRevokeInVain, 3);
    Set(weights, Op::kStoreFails, 2);
    Set(weights, Op::kStoreWorks, 4);
  }
  if (one_in(2)) Set(weights, Op::kTrim, 4);
  if (one_in(4)) Set(weights, Op::kRotate, 1);
  if (one_in(2)) {
    Set(weights, Op::kBackUp, 2);
    Set(weights, one_in(3) ? Op::kLoseEnd : Op::kRestore, 1);
  }
  return weights;
}

// ForkWeights make histories that part and grow to one length, which replicas
// meet while they hold more than the service, so that digests do not help.
Weights ForkWeights() {
  Weights weights{};
  Set(weights, Op::kWait, 16);
  Set(weights, Op::kExchange, 40);
  Set(weights, Op::kOpen, 14);
  Set(weights, Op::kRevoke, 30);
  Set(weights, Op::kRings, 2);
  Set(weights, Op::kBackUp, 8);
  Set(weights, Op::kLoseEnd, 5);
  Set(weights, Op::kRestore, 3);
  return weights;
}

uint32_t Milliseconds(std::mt19937_64& random, bool patient) {
  const auto up_to = [&](uint64_t most) {
    return static_cast<uint32_t>(1 + random() % most);
  };
  switch (random() % (patient ? 12 : 9)) {
    case 0:
    case 1:
      return up_to(100);
    case 2:
    case 3:
    case 4:
      return up_to(1'500);
    case 5:
    case 6:
      return up_to(5'000);
    case 7:
      return up_to(12'000);
    case 8:
      return up_to(40'000);
    case 9:
    case 10:
      return up_to(200'000);
    default:
      return up_to(5'400'000);
  }
}

// The service's clock must not be ahead by the hour that trims leave.
uint32_t Offset(std::mt19937_64& random, bool service) {
  constexpr int32_t kOffsets[] = {0,       0,       2'000,    5'000,
                                  9'000,   20'000,  50'000,   100'000,
                                  240'000, 600'000, 7'200'000};
  const int32_t offset =
      kOffsets[random() % (std::size(kOffsets) - (service ? 1 : 0))];
  return static_cast<uint32_t>(random() % 2 == 0 ? offset : -offset);
}

}  // namespace

Script MakeScript(uint64_t seed, size_t steps) {
  std::mt19937_64 random(seed);
  const bool forks = random() % 4 == 0;
  const Weights weights = forks ? ForkWeights() : WeightsOf(random);
  const bool patient = !forks && random() % 2 == 0;
  unsigned total = 0;
  for (unsigned weight : weights) total += weight;
  Script script;
  while (script.size() < steps) {
    auto left = static_cast<unsigned>(random() % total);
    size_t op = 0;
    while (left >= weights[op]) left -= weights[op++];
    Step step{.op = static_cast<Op>(op),
              .who = static_cast<uint8_t>(random() % 256),
              .value = static_cast<uint32_t>(random())};
    if (step.op == Op::kWait) step.value = Milliseconds(random, patient);
    if (step.op == Op::kServiceClock || step.op == Op::kReplicaClock) {
      step.value = Offset(random, step.op == Op::kServiceClock);
    }
    script.push_back(step);
  }
  return script;
}

std::string Describe(const Step& step) {
  const auto signed_value = static_cast<int32_t>(step.value);
  return std::string(kNames[static_cast<size_t>(step.op)]) + " " +
         std::to_string(step.who) + " " + std::to_string(signed_value);
}

std::string Describe(const Script& script) {
  std::string text;
  for (const Step& step : script) text += "  " + Describe(step) + "\n";
  return text;
}

}  // namespace signet::service::model
