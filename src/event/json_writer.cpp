// SPDX-License-Identifier: Apache-2.0
#include "event/json_writer.h"

#include <unordered_map>
#include <vector>

#include "event/json.h"
#include "event/json_string.h"

namespace tailrace::json {
namespace {

void AppendKey(std::string_view key, bool clean, ByteBuffer& out) {
  if (out.view().back() != '{') out.Append(',');
  AppendValue(Value::Of(clean ? Kind::kClean : Kind::kText, key), out);
  out.Append(':');
}

void RewriteTo(const Value& value, Arena& arena, ByteBuffer& out);

// Each key at its first place with its last value, as ParseObject has it.
void RewriteObject(const Value& object, Arena& arena, ByteBuffer& out) {
  std::vector<Field> fields;
  std::unordered_map<std::string_view, size_t> places;
  ForEachMember(object.bytes(), arena, [&](const Field& field) {
    const auto [place, added] = places.try_emplace(field.key(), fields.size());
    if (added) {
      fields.push_back(field);
    } else {
      fields[place->second].set_value(field.value());
    }
    return true;
  });
  out.Append('{');
  for (const Field& field : fields) {
    AppendKey(field.key(), field.key_clean, out);
    RewriteTo(field.value(), arena, out);
  }
  out.Append('}');
}

void RewriteTo(const Value& value, Arena& arena, ByteBuffer& out) {
  if (value.kind == Kind::kObject) {
    RewriteObject(value, arena, out);
  } else if (value.kind == Kind::kArray) {
    out.Append('[');
    bool first = true;
    ForEachElement(value.bytes(), [&](const Value& element) {
      if (!first) out.Append(',');
      first = false;
      RewriteTo(element, arena, out);
      return true;
    });
    out.Append(']');
  } else {
    AppendValue(value, out);
  }
}

}  // namespace

Value Rewrite(const Value& nested, Arena& arena) {
  ByteBuffer out;
  RewriteTo(nested, arena, out);
  return Value::Of(nested.kind, arena.Store(out.view()));
}

void ObjectWriter::Add(std::string_view key, const Value& value) {
  AppendKey(key, false, out_);
  AppendValue(value, out_);
}

void ObjectWriter::Add(const Field& field) {
  AppendKey(field.key(), field.key_clean, out_);
  AppendValue(field.value(), out_);
}

Value ObjectWriter::Finish() {
  out_.Append('}');
  return Value::Of(Kind::kObject, arena_.Store(out_.view()));
}

void ArrayWriter::Add(const Value& value) {
  if (out_.size() > 1) out_.Append(',');
  AppendValue(value, out_);
}

Value ArrayWriter::Finish() {
  out_.Append(']');
  return Value::Of(Kind::kArray, arena_.Store(out_.view()));
}

Value ObjectOf(std::span<const Field> fields, Arena& arena) {
  ObjectWriter object(arena);
  for (const Field& field : fields) object.Add(field);
  return object.Finish();
}

Value ArrayOf(std::span<const Value> values, Arena& arena) {
  ArrayWriter array(arena);
  for (const Value& value : values) array.Add(value);
  return array.Finish();
}

}  // namespace tailrace::json
