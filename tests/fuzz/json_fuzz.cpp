// SPDX-License-Identifier: Apache-2.0
// Any bytes as a line of JSON: the same decision as the plain reference and simdjson's DOM, what is
// written reads back as the same value, and whatever is asked of the parsed values holds.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "event/accessor.h"
#include "event/json.h"
#include "event/json_oracle.h"
#include "event/json_writer.h"
#include "event/value.h"

namespace {

using tailrace::Batch;
using tailrace::ByteBuffer;
using tailrace::Field;
using tailrace::Value;
namespace json = tailrace::json;

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

bool IsJson(std::string_view text) { return json::ReferenceValidator::Accepts(text); }

void CheckValue(const Value& value, Batch& batch) {
  const std::string_view text = tailrace::ToText(value, batch.arena());
  static_cast<void>(tailrace::ToInteger(value));
  static_cast<void>(tailrace::ToDouble(value));
  Require(tailrace::Equal(value, value, batch.arena()), "a value is not equal to itself");
  ByteBuffer out;
  json::AppendString(text, out);
  Require(IsJson(out.view()), "text became an invalid string");
}

// Raw bytes as a text, a key and a path.
void CheckRaw(std::string_view raw, Batch& batch) {
  tailrace::Row& row = batch.AddRow({});
  batch.Append(row, raw, Value::Text(raw), false);
  ByteBuffer out;
  json::AppendObject(batch, row, out);
  Require(IsJson(out.view()), "raw bytes became invalid JSON");
  if (const auto accessor = tailrace::Accessor::Compile(raw)) {
    accessor->Set(batch, row, Value::Text(raw));
    accessor->Get(batch, row);
    accessor->Erase(batch, row);
  }
}

void CheckFields(std::string_view line, Batch& batch) {
  tailrace::Row& row = batch.AddRow({});
  if (!json::ParseObject(line, batch, row)) return;
  for (const Field& field : batch.fields(row)) {
    CheckValue(field.value(), batch);
    Value found;
    if (field.kind != tailrace::Kind::kObject) continue;
    json::ForEachMember(field.value().bytes(), batch.arena(), [&](const Field& member) {
      Require(json::FindMember(field.value().bytes(), member.key(), &found), "a member is lost");
      return true;
    });
  }
  const Value all = json::ObjectOf(batch.fields(row), batch.arena());
  Require(IsJson(all.bytes()), "fields became an invalid object");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  std::string problem;
  json::CompareWithDom(input, &problem);
  Require(problem.empty(), problem.c_str());
  Batch batch;
  CheckRaw(input, batch);
  std::string padded(input);
  padded.append(json::kPadding, '}');
  CheckFields({padded.data(), size}, batch);
  return 0;
}
