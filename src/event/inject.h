// SPDX-License-Identifier: Apache-2.0
#pragma once
// <inject> and <extract> (https://docs.fluentd.org/configuration/inject-section,
// .../extract-section): event data into the record, and out of it. One object per worker.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tailrace/batch.h"
#include "tailrace/params.h"
#include "tailrace/result.h"
#include "text/time_format.h"

namespace tailrace {

enum class InjectTimeType : uint8_t {
  kFloat,
  kUnixtime,
  kUnixtimeMillis,
  kUnixtimeMicros,
  kUnixtimeNanos,
  kString,
};
EnumNames ParamNames(InjectTimeType);

struct InjectParams {
  std::optional<std::string> hostname_key{};
  std::optional<std::string> hostname{};
  std::optional<std::string> worker_id_key{};
  std::optional<std::string> tag_key{};
  std::optional<std::string> time_key{};
  InjectTimeType time_type = InjectTimeType::kFloat;
  std::optional<std::string> time_format{};
  bool localtime = true;
  bool utc = false;
  std::optional<std::string> timezone{};
  std::vector<std::string> time_format_fallbacks{};

  static const Schema<InjectParams>& schema();
};

class Injector {
 public:
  // `hostname` is the host's own, used where the section gives none.
  static Result<Injector> Create(const InjectParams& params, const std::string& hostname,
                                 int worker);

  // Sets the keys that the section names, in Fluentd's order: host, worker, tag, time. Existing
  // fields keep their place. The injector must outlive the batch.
  void Apply(Batch& batch, Row& row, std::string_view tag);
  bool empty() const { return !host_.used && !worker_.used && !tag_.used && !time_.used; }

 private:
  struct Key {
    Key() = default;
    explicit Key(const std::optional<std::string>& key);
    std::string text;
    bool used = false;
    bool clean = false;
  };

  Injector() = default;
  Value TimeOfEvent(EventTime time, Arena& arena);

  Key host_, worker_, tag_, time_;
  std::string hostname_;
  std::string worker_id_;
  InjectTimeType time_type_ = InjectTimeType::kFloat;
  std::shared_ptr<text::TimeFormatter> formatter_;
};

enum class ExtractTimeType : uint8_t { kFloat, kUnixtime, kString };
EnumNames ParamNames(ExtractTimeType);

struct ExtractParams {
  std::optional<std::string> tag_key{};
  bool keep_tag_key = false;
  std::optional<std::string> time_key{};
  bool keep_time_key = false;
  ExtractTimeType time_type = ExtractTimeType::kFloat;
  std::optional<std::string> time_format{};
  bool localtime = true;
  bool utc = false;
  std::optional<std::string> timezone{};
  std::vector<std::string> time_format_fallbacks{};

  static const Schema<ExtractParams>& schema();
};

class Extractor {
 public:
  static Result<Extractor> Create(const ExtractParams& params, text::Clock clock);

  // The tag that the record holds, or nothing. Its bytes live as long as the batch.
  std::optional<std::string_view> TakeTag(Batch& batch, Row& row);
  // Sets row.time if the record has the field. False if that is no time (the field may be gone
  // then: Fluentd raises).
  bool TakeTime(Batch& batch, Row& row);

 private:
  Extractor() = default;

  std::optional<std::string> tag_key_;
  bool keep_tag_key_ = false;
  std::optional<std::string> time_key_;
  bool keep_time_key_ = false;
  std::shared_ptr<text::TimeParser> parser_;
};

}  // namespace tailrace
