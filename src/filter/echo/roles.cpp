// SPDX-License-Identifier: Apache-2.0
#include "filter/echo/roles.h"

#include <algorithm>
#include <array>

namespace tailrace::echo {
namespace {

struct Entry {
  std::string_view key;
  Role role;
  uint8_t rank;
};

// Where two names of one role stand in one record, the lower rank is taken and the other is kept
// among the fields without a place.
constexpr std::array kEntries = {
    Entry{"@timestamp", Role::kTime, 0},
    Entry{"timestamp", Role::kTime, 1},
    Entry{"time", Role::kTime, 2},
    Entry{"ts", Role::kTime, 3},
    Entry{"datetime", Role::kTime, 4},
    Entry{"date", Role::kTime, 5},
    Entry{"asctime", Role::kTime, 6},
    Entry{"requestReceivedTimestamp", Role::kTime, 7},
    Entry{"level", Role::kLevel, 0},
    Entry{"severity", Role::kLevel, 1},
    Entry{"log.level", Role::kLevel, 2},
    Entry{"log_level", Role::kLevel, 3},
    Entry{"loglevel", Role::kLevel, 4},
    Entry{"levelname", Role::kLevel, 5},
    Entry{"lvl", Role::kLevel, 6},
    Entry{"severity_text", Role::kLevel, 7},
    Entry{"PRIORITY", Role::kLevel, 8},
    Entry{"service_name", Role::kService, 0},
    Entry{"service.name", Role::kService, 1},
    Entry{"service", Role::kService, 2},
    Entry{"app", Role::kService, 3},
    Entry{"application", Role::kService, 4},
    Entry{"message", Role::kMessage, 0},
    Entry{"msg", Role::kMessage, 1},
    Entry{"log", Role::kMessage, 2},
    Entry{"MESSAGE", Role::kMessage, 3},
    Entry{"event", Role::kMessage, 4},
    Entry{"text", Role::kMessage, 5},
    Entry{"body", Role::kMessage, 6},
    Entry{"error", Role::kMessage, 7},
    Entry{"user_id", Role::kUser, 0},
    Entry{"userId", Role::kUser, 1},
    Entry{"user.id", Role::kUser, 2},
    Entry{"session_id", Role::kSession, 0},
    Entry{"sessionId", Role::kSession, 1},
    Entry{"session.id", Role::kSession, 2},
    Entry{"kubernetes", Role::kKubernetes, 0},
    Entry{"docker", Role::kDocker, 0},
    Entry{"stream", Role::kStream, 0},
};

constexpr size_t kKeyMax = 24;

// A perfect hash is not needed: first byte and length leave at most two candidates.
constexpr size_t Slot(std::string_view key) {
  return (static_cast<unsigned char>(key[0]) * 31u + key.size() * 7u) & 255u;
}

struct Table {
  // Per slot the indexes of up to three entries, plus one; 0 = none.
  std::array<std::array<uint8_t, 3>, 256> slots{};

  constexpr Table() {
    for (size_t i = 0; i < kEntries.size(); ++i) {
      auto& slot = slots[Slot(kEntries[i].key)];
      size_t free = 0;
      while (slot[free] != 0) ++free;  // a fourth would not compile: out of bounds in constexpr
      slot[free] = static_cast<uint8_t>(i + 1);
    }
  }
};

constexpr Table kTable;

static_assert(std::all_of(kEntries.begin(), kEntries.end(),
                          [](const Entry& entry) { return entry.key.size() <= kKeyMax; }));

}  // namespace

KeyRole RoleOf(std::string_view key) {
  if (key.empty() || key.size() > kKeyMax) return {};
  for (const uint8_t index : kTable.slots[Slot(key)]) {
    if (index == 0) break;
    const Entry& entry = kEntries[index - 1u];
    if (entry.key == key) return {entry.role, entry.rank};
  }
  return {};
}

}  // namespace tailrace::echo
