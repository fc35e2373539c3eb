// SPDX-License-Identifier: Apache-2.0
#pragma once
// What an application's field means for the echo-logs schema, by its key.

#include <cstdint>
#include <string_view>

namespace tailrace::echo {

enum class Role : uint8_t {
  kOther,
  kTime,
  kLevel,
  kService,
  kMessage,
  kUser,
  kSession,
  kKubernetes,
  kDocker,
  kStream,
};

struct KeyRole {
  Role role = Role::kOther;
  // Among fields of one role the lowest rank is taken.
  uint8_t rank = 0;
};

// Every usual name of the schema's fields. Costs a few nanoseconds for keys that have none.
KeyRole RoleOf(std::string_view key);

}  // namespace tailrace::echo
