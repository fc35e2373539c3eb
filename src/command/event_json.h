// SPDX-License-Identifier: Apache-2.0
#pragma once
// Events as the pure commands read and print them, one JSON object a line:
//
//   {"tag":"app.web","time":[1700000000,123456789],"record":{"message":"hello"}}
//
// What JSON cannot say is tagged, in and out: {"$bin": base64} a string that is not UTF-8,
// {"$float": "NaN" | "Infinity" | "-Infinity"}, {"$int": digits} an integer that no 64-bit number
// holds, {"$time": [sec, nsec]} a time within a record.

#include <string>
#include <string_view>

#include "tailrace/batch.h"
#include "tailrace/result.h"

namespace tailrace::command {

// An event in a batch of its own. The batch refers to `line`, followed by 64 readable bytes.
struct ReadEvent {
  std::string tag;
  uint32_t row = 0;
};
Result<ReadEvent> ReadEventJson(std::string_view line, Batch& batch);

// Appends {"$…":…} or plain JSON.
void AppendTagged(const Value& value, Arena& arena, std::string& out);
// Appends the record, as {"key":value,…}.
void AppendRecord(const Batch& batch, const Row& row, Arena& arena, std::string& out);
// Appends [sec,nsec], or null where there is no time.
void AppendTime(EventTime time, std::string& out);
// Appends text as a JSON string.
void AppendQuoted(std::string_view text, std::string& out);

// RFC 4648, with padding.
std::string Base64Encode(std::string_view bytes);
bool Base64Decode(std::string_view text, std::string* bytes);

}  // namespace tailrace::command
