// SPDX-License-Identifier: Apache-2.0
#pragma once
// from_encoding to encoding: converts the text of lines. What cannot be converted becomes U+FFFD
// (or a question mark where the target has no such character), so a line is never lost for it.

#include <memory>
#include <string>
#include <string_view>

#include "tailrace/result.h"

namespace tailrace::tail {

class Transcoder {
 public:
  // Names as Ruby has them (Shift_JIS, Windows-31J, UTF-16LE, ASCII-8BIT). The same or no encodings
  // convert nothing. Fails on names that are not known.
  static Result<Transcoder> Create(const std::string& from, const std::string& to);

  Transcoder(Transcoder&&) noexcept;
  Transcoder& operator=(Transcoder&&) noexcept;
  ~Transcoder();

  bool converts() const;
  // A newline in the encoding of the files.
  const std::string& newline() const { return newline_; }
  // Appends the converted text.
  void Convert(std::string_view text, std::string& out);

 private:
  struct Descriptor;
  Transcoder();

  std::unique_ptr<Descriptor> descriptor_;
  std::string newline_ = "\n";
  std::string substitute_;
};

}  // namespace tailrace::tail
