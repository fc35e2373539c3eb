// SPDX-License-Identifier: Apache-2.0
#pragma once
// Writes messages as bulk items: an action line with a deterministic id, then the document: the
// message's own JSON copied as it stands (or its text, escaped) with the fields every agent adds.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "cri_reader.h"

namespace tailrace::bench {

// A growing body of a bulk request.
class BulkBody {
 public:
  // `metadata` is a rendered run of members without braces (`"kubernetes":{...}`), may be empty.
  BulkBody(std::string index, std::string metadata);

  // A message that was validated as a JSON object.
  void AddObject(const FileIdentity& file, const CriMessage& message);
  // Anything else.
  void AddText(const FileIdentity& file, const CriMessage& message);
  // A record of text fields; `time` becomes @timestamp.
  struct Field {
    std::string_view name;
    std::string_view value;
  };
  void AddRecord(const FileIdentity& file, std::uint64_t offset, std::span<const Field> fields,
                 std::string_view time);

  std::string_view bytes() const { return {bytes_.data(), size_}; }
  std::uint64_t documents() const { return documents_; }
  std::uint64_t text_documents() const { return text_documents_; }
  void Clear() { size_ = 0; }

 private:
  void Action(const FileIdentity& file, std::uint64_t offset);
  void Tail(const CriMessage& message);
  void Append(std::string_view text);
  void AppendEscaped(std::string_view text);
  void Reserve(std::size_t more);

  std::string bytes_;  // storage; only the first size_ bytes count
  std::size_t size_ = 0;
  std::string action_;
  std::string metadata_;
  std::uint64_t documents_ = 0;
  std::uint64_t text_documents_ = 0;  // of these
};

}  // namespace tailrace::bench
