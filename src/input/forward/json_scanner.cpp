// SPDX-License-Identifier: Apache-2.0
#include "input/forward/json_scanner.h"

namespace tailrace::forward {

JsonScanner::State JsonScanner::Scan(std::string_view bytes, size_t* used) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
      }
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if (depth_ == 0) {
      if (c != ' ' && c != '\t' && c != '\n' && c != '\r') return State::kInvalid;
    } else if (c == '"') {
      in_string_ = true;
    } else if ((c == '}' || c == ']') && --depth_ == 0) {
      *used = i + 1;
      return State::kComplete;
    }
  }
  *used = bytes.size();
  return State::kMore;
}

}  // namespace tailrace::forward
