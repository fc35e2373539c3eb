// SPDX-License-Identifier: Apache-2.0
#pragma once
// Compares event/json.h with simdjson's DOM parser, for the mutation test and the fuzzer.
//
// DOM refuses valid numbers that it cannot hold, and deep nesting; there the reference decides.

#include <simdjson.h>

#include <map>
#include <string>
#include <string_view>

#include "event/json.h"
#include "event/json_reference.h"

namespace tailrace::json {

// Both sides of a comparison in one normal form: members sorted, last value of a repeated key.
inline void NormalForm(simdjson::dom::element element, std::string& out) {
  using simdjson::dom::element_type;
  switch (element.type()) {
    case element_type::OBJECT: {
      std::map<std::string_view, simdjson::dom::element> members;
      for (const auto& [key, value] : simdjson::dom::object(element)) members[key] = value;
      out += '{';
      for (const auto& [key, value] : members) {
        out.append(key).append("\x01");
        NormalForm(value, out);
        out += ',';
      }
      out += '}';
      break;
    }
    case element_type::ARRAY:
      out += '[';
      for (const auto value : simdjson::dom::array(element)) {
        NormalForm(value, out);
        out += ',';
      }
      out += ']';
      break;
    case element_type::STRING:
      out.append("\"").append(std::string_view(element)).append("\"");
      break;
    default:
      out += simdjson::minify(element);
      break;
  }
}

// The keys of an object in Ruby's order: first places.
inline std::string KeyOrder(simdjson::dom::element element) {
  std::string keys;
  std::map<std::string_view, bool> seen;
  for (const auto& [key, value] : simdjson::dom::object(element)) {
    if (seen.emplace(key, true).second) keys.append(key).append("\x01");
  }
  return keys;
}

// True if both accept `text`. `problem` says how they disagree, and is empty if they do not.
inline bool CompareWithDom(std::string_view text, std::string* problem) {
  problem->clear();
  std::string padded(text);
  padded.append(kPadding, 'x');
  padded.replace(text.size(), 8, "\"}]\"}]1,");  // what follows must not matter
  const std::string_view view(padded.data(), text.size());

  Batch batch;
  Row& row = batch.AddRow({});
  const bool ours = ParseObject(view, batch, row);
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element element;
  const simdjson::error_code error = parser.parse(view.data(), view.size()).get(element);
  const bool valid = ReferenceValidator::Accepts(view);
  // DOM refuses numbers that it cannot hold and more levels than it was made for.
  const bool dom_decides = error != simdjson::NUMBER_ERROR && error != simdjson::DEPTH_ERROR;
  Value value;
  if (Validate(view) != valid) *problem = "Validate disagrees with the reference";
  if (ParseValue(view, batch.arena(), &value) != valid) *problem = "ParseValue disagrees";
  if (dom_decides && valid != (error == simdjson::SUCCESS)) *problem = "DOM and reference disagree";
  const size_t first = view.find_first_not_of(" \t\r\n");
  const bool object = valid && view[first] == '{';
  if (ours != object) *problem = ours ? "accepted what is not valid" : "refused what is valid";
  if (!problem->empty() || !ours || !dom_decides) return false;

  std::string expected;
  NormalForm(element, expected);
  const std::string order = KeyOrder(element);
  ByteBuffer out;
  AppendObject(batch, row, out);
  std::string written(out.view());
  if (written.find('\n') != std::string::npos) *problem = "wrote a line end";
  if (!simdjson::validate_utf8(written)) *problem = "wrote what is not UTF-8";
  simdjson::dom::element again;
  if (parser.parse(written).get(again) != simdjson::SUCCESS) {
    *problem = "wrote what is not JSON: " + written;
    return false;
  }
  std::string got;
  NormalForm(again, got);
  if (got != expected || KeyOrder(again) != order) *problem = "wrote another value: " + written;
  size_t members = 0;
  for (const auto& member : simdjson::dom::object(again)) {
    static_cast<void>(member);
    ++members;
  }
  if (members != row.count) *problem = "wrote a key twice: " + written;
  return true;
}

}  // namespace tailrace::json
