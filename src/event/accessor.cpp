// SPDX-License-Identifier: Apache-2.0
#include "event/accessor.h"

#include <algorithm>
#include <charconv>
#include <span>

#include "event/json.h"
#include "event/json_writer.h"

namespace tailrace {
namespace {

using Part = Accessor::Part;
using Path = std::vector<Part>;

// How many elements a Set beyond the end of an array may add.
constexpr int64_t kGapMax = 1024;

tl::unexpected<Error> Invalid(std::string_view why, std::string_view text) {
  return Fail(std::string(why) + " Invalid syntax: " + std::string(text));
}

Status AddIndex(std::string_view digits, std::string_view text, Path& path) {
  int64_t index = 0;
  const auto [at, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  if (digits.empty() || error != std::errc() || at != digits.data() + digits.size()) {
    return Invalid("'" + std::string(digits) + "' between '[' and ']' is not an index.", text);
  }
  path.emplace_back(index);
  return {};
}

// `name[0][1]`, one piece between dots.
Status AddDotPiece(std::string_view piece, std::string_view text, Path& path) {
  size_t open = piece.find('[');
  if (open == std::string_view::npos) {
    path.emplace_back(std::string(piece));
    return {};
  }
  if (open > 0) path.emplace_back(std::string(piece.substr(0, open)));
  while (true) {
    piece.remove_prefix(open + 1);
    const size_t close = piece.find(']');
    if (close == std::string_view::npos) {
      return Invalid("'[' found but ']' not found.", text);
    }
    if (Status added = AddIndex(piece.substr(0, close), text, path); !added) return added;
    piece.remove_prefix(close + 1);
    if (piece.empty()) return {};
    open = piece.find('[');
    if (open == std::string_view::npos) return Invalid("found more characters after ']'.", text);
  }
}

// `$.a.b[0]`; empty pieces at the end do not count.
Status ParseDots(std::string_view text, Path& path) {
  std::string_view rest = text.substr(2);
  while (!rest.empty() && rest.back() == '.') rest.remove_suffix(1);
  while (!rest.empty()) {
    const size_t dot = std::min(rest.find('.'), rest.size());
    if (Status added = AddDotPiece(rest.substr(0, dot), text, path); !added) return added;
    rest.remove_prefix(std::min(dot + 1, rest.size()));
  }
  return {};
}

// `$['a']["b"][0]`; what stands between `]` and `[` is passed over, as Fluentd does.
Status ParseBrackets(std::string_view text, Path& path) {
  std::string_view rest = text.substr(1);
  while (!rest.empty()) {
    const size_t open = rest.find('[');
    if (open == std::string_view::npos) return Invalid("found more characters after ']'.", text);
    rest.remove_prefix(open + 1);
    if (rest.empty()) break;
    const char quote = rest.front();
    if (quote != '\'' && quote != '"') {
      const size_t close = rest.find(']');
      if (close == std::string_view::npos) return Invalid("'[' found but ']' not found.", text);
      if (Status added = AddIndex(rest.substr(0, close), text, path); !added) return added;
      rest.remove_prefix(close + 1);
      continue;
    }
    const char end[] = {quote, ']'};
    const size_t close = rest.find(std::string_view(end, 2), 1);
    if (close == std::string_view::npos) return Invalid("Incomplete bracket.", text);
    path.emplace_back(std::string(rest.substr(1, close - 1)));
    rest.remove_prefix(close + 2);
  }
  return {};
}

// What lies one part further down, or nothing.
bool Descend(const Value& value, const Part& part, Value* found, bool* type_error) {
  *type_error = false;
  const auto* key = std::get_if<std::string>(&part);
  if (value.kind == Kind::kObject) {
    return key != nullptr && json::FindMember(value.bytes(), *key, found);
  }
  if (value.kind == Kind::kArray && key == nullptr) {
    return json::FindElement(value.bytes(), std::get<int64_t>(part), found);
  }
  *type_error = value.kind != Kind::kNull;
  return false;
}

// `container` with the part at the end of `path` set to `*value`, or removed where that is null.
// False if the parent is not there.
bool Edit(const Value& container, std::span<const Part> path, const Value* value, Arena& arena,
          Value* result);

bool EditObject(const Value& object, std::span<const Part> path, const Value* value, Arena& arena,
                Value* result) {
  const auto* key = std::get_if<std::string>(&path.front());
  if (key == nullptr) return false;
  json::ObjectWriter writer(arena);
  bool found = false;
  bool edited = true;
  json::ForEachMember(object.bytes(), arena, [&](Field member) {
    if (member.key() == *key) {
      found = true;
      Value child;
      if (path.size() > 1) {
        edited = Edit(member.value(), path.subspan(1), value, arena, &child);
        if (!edited) return false;
        member.set_value(child);
      } else if (value != nullptr) {
        member.set_value(*value);
      } else {
        return true;
      }
    }
    writer.Add(member);
    return true;
  });
  if (!edited) return false;
  if (!found) {
    if (path.size() > 1 || value == nullptr) return false;
    writer.Add(*key, *value);
  }
  *result = writer.Finish();
  return true;
}

bool EditArray(const Value& array, std::span<const Part> path, const Value* value, Arena& arena,
               Value* result) {
  const auto* index = std::get_if<int64_t>(&path.front());
  if (index == nullptr) return false;
  std::vector<Value> elements;
  json::ForEachElement(array.bytes(), [&](const Value& element) {
    elements.push_back(element);
    return true;
  });
  const auto size = static_cast<int64_t>(elements.size());
  const int64_t place = *index < 0 ? *index + size : *index;
  if (place < 0) return false;
  const auto at = static_cast<size_t>(place);
  if (path.size() > 1) {
    if (place >= size) return false;
    if (!Edit(elements[at], path.subspan(1), value, arena, &elements[at])) return false;
  } else if (value != nullptr) {
    // As in Ruby, setting an element beyond the end fills the gap with nil.
    if (place >= size + kGapMax) return false;
    if (place >= size) elements.resize(at + 1);
    elements[at] = *value;
  } else {
    if (place >= size) return false;
    elements.erase(elements.begin() + place);
  }
  *result = json::ArrayOf(elements, arena);
  return true;
}

bool Edit(const Value& container, std::span<const Part> path, const Value* value, Arena& arena,
          Value* result) {
  if (container.kind == Kind::kObject) return EditObject(container, path, value, arena, result);
  if (container.kind == Kind::kArray) return EditArray(container, path, value, arena, result);
  return false;
}

}  // namespace

Result<Accessor> Accessor::Compile(std::string_view text) {
  Accessor accessor;
  accessor.text_ = text;
  Status parsed;
  if (text.starts_with("$.")) {
    parsed = ParseDots(text, accessor.path_);
  } else if (text.starts_with("$[")) {
    parsed = ParseBrackets(text, accessor.path_);
  } else {
    accessor.path_.emplace_back(std::string(text));
  }
  if (!parsed) return tl::unexpected<Error>(parsed.error());
  if (accessor.path_.empty()) return Invalid("empty keys.", text);
  if (!std::holds_alternative<std::string>(accessor.path_.front())) {
    return Invalid("a record has no index.", text);
  }
  return accessor;
}

std::optional<Value> Accessor::Get(const Batch& batch, const Row& row, bool* type_error) const {
  bool ignored;
  bool& raised = type_error == nullptr ? ignored : *type_error;
  raised = false;
  const Field* field = batch.Find(row, key());
  if (field == nullptr) return std::nullopt;
  Value value = field->value();
  for (size_t i = 1; i < path_.size(); ++i) {
    Value next;
    if (!Descend(value, path_[i], &next, &raised)) return std::nullopt;
    value = next;
  }
  return value;
}

bool Accessor::Set(Batch& batch, Row& row, const Value& value) const {
  Field* field = batch.Find(row, key());
  if (simple()) {
    if (field != nullptr) {
      field->set_value(value);
      return true;
    }
    return batch.Append(row, batch.arena().Store(key()), value, json::IsClean(key()));
  }
  if (field == nullptr) return false;
  Value edited;
  if (!Edit(field->value(), std::span(path_).subspan(1), &value, batch.arena(), &edited)) {
    return false;
  }
  field->set_value(edited);
  return true;
}

std::optional<Value> Accessor::Erase(Batch& batch, Row& row) const {
  const std::optional<Value> erased = Get(batch, row);
  if (!erased) return std::nullopt;
  if (simple()) {
    batch.Erase(row, key());
    return erased;
  }
  Field* field = batch.Find(row, key());
  Value edited;
  if (!Edit(field->value(), std::span(path_).subspan(1), nullptr, batch.arena(), &edited)) {
    return std::nullopt;
  }
  field->set_value(edited);
  return erased;
}

}  // namespace tailrace
