// SPDX-License-Identifier: Apache-2.0
// <filter> @type parser: parses one field of an event and puts what it finds in the event's place
// (https://docs.fluentd.org/filter/parser).

#include "event/accessor.h"
#include "event/json.h"
#include "event/json_writer.h"
#include "event/value.h"
#include "tailrace/define_plugin.h"
#include "text/charset.h"

namespace tailrace {
namespace {

struct ParserFilterParams {
  std::string key_name;
  bool reserve_data = false;
  bool reserve_time = false;
  bool remove_key_name_field = false;
  std::optional<std::string> inject_key_prefix;
  bool replace_invalid_sequence = false;
  std::optional<std::string> hash_value_field;
  bool emit_invalid_record_to_error = true;
  std::vector<RawSection> parse;

  static const Schema<ParserFilterParams>& schema() {
    using P = ParserFilterParams;
    static const auto s =
        Schema<P>()
            .Param("key_name", &P::key_name, "Field to parse.", {.required = true})
            .Param("reserve_data", &P::reserve_data, "Keeps the other fields of the event.")
            .Param("reserve_time", &P::reserve_time, "Keeps the time of the event.")
            .Param("remove_key_name_field", &P::remove_key_name_field,
                   "With reserve_data: removes the field once it is parsed.")
            .Param("inject_key_prefix", &P::inject_key_prefix, "Put before every parsed key.")
            .Param("replace_invalid_sequence", &P::replace_invalid_sequence,
                   "Replaces what is not UTF-8 by ? before parsing.")
            .Param("hash_value_field", &P::hash_value_field,
                   "Puts what was parsed under this key, as one object.")
            .Param("emit_invalid_record_to_error", &P::emit_invalid_record_to_error,
                   "Sends events that cannot be parsed to @ERROR.")
            .RawSection("parse", &P::parse, "How the field is read.",
                        {.required = true, .many = false});
    return s;
  }
};

class ParserFilter final : public Filter {
 public:
  using Params = ParserFilterParams;

  ParserFilter(Params params, PluginEnv& env) : params_(std::move(params)) {
    parser_ = env.MakeParser(*params_.parse.front());
    if (auto key = Accessor::Compile(params_.key_name)) {
      key_ = std::move(*key);
    } else {
      env.Problem(env.element(), "key_name", key.error().message);
    }
  }

  void Apply(Batch& batch, EventContext& context) override {
    const size_t count = batch.rows().size();  // rows behind are those that parsing adds
    for (size_t i = 0; i < count; ++i) {
      if (!batch.rows()[i].dropped) ParseRow(batch, i, context);
    }
  }

 private:
  void ParseRow(Batch& batch, size_t index, EventContext& context) {
    const auto value = key_.Get(batch, batch.rows()[index]);
    if (!value || value->kind == Kind::kNull) {
      return NotParsed(batch, index, params_.key_name + " does not exist", context);
    }
    if (!value->is_string()) {
      return NotParsed(
          batch, index,
          "pattern not matched with data '" + std::string(ToText(*value, batch.arena())) + "'",
          context);
    }
    const Line line = LineOf(batch, batch.rows()[index], *value);
    const size_t before = batch.rows().size();
    const ParseStatus status = parser_->Parse(line, batch);
    if (status == ParseStatus::kError && params_.emit_invalid_record_to_error) {
      // Where Fluentd's parser raises, the event itself goes, whatever is reserved.
      context.MoveToError(batch, batch.rows()[index],
                          "parse failed for '" + std::string(line.text()) + "'");
      return;
    }
    if (status != ParseStatus::kOk || batch.rows().size() == before) {
      return NotParsed(batch, index,
                       "pattern not matched with data '" + std::string(line.text()) + "'", context);
    }
    // The first event takes the place of the one it came from; further ones stand at the end.
    const size_t end = batch.rows().size();
    for (size_t parsed = before; parsed < end; ++parsed) {
      Row original = batch.rows()[index];
      if (end - before > 1) {
        // Each gets fields of its own to merge into; the copied row itself is not needed.
        original = batch.CopyRow(batch, original);
        batch.rows().pop_back();
      }
      Row merged = Merge(batch, original, batch.rows()[parsed]);
      merged.sub = static_cast<uint16_t>(batch.rows()[index].sub + (parsed - before));
      batch.rows()[parsed] = merged;
    }
    batch.rows()[index] = batch.rows()[before];
    batch.rows()[before].dropped = true;  // moved, not lost
  }

  // The text with the padding that parsers may read behind it.
  Line LineOf(Batch& batch, const Row& row, const Value& value) {
    std::string_view text = ToText(value, batch.arena());
    if (params_.replace_invalid_sequence && !text::IsValidUtf8(text)) {
      scrubbed_.clear();
      text::AppendScrubbed(text, "?", scrubbed_);
      text = scrubbed_;
    }
    char* copy = batch.arena().Allocate(text.size() + json::kPadding);
    std::memcpy(copy, text.data(), text.size());
    std::memset(copy + text.size(), ' ', json::kPadding);
    return {copy, static_cast<uint32_t>(text.size()), row.segment, row.begin, row.end};
  }

  // `original` with what was parsed, by the filter's parameters.
  Row Merge(Batch& batch, const Row& original, Row parsed) {
    if (params_.inject_key_prefix) AddPrefix(batch, parsed);
    Row merged = params_.reserve_data ? original : parsed;
    merged.begin = original.begin;
    merged.end = original.end;
    merged.segment = original.segment;
    merged.time = params_.reserve_time || parsed.time == kNoTime ? original.time : parsed.time;
    if (params_.reserve_data && params_.remove_key_name_field) key_.Erase(batch, merged);
    if (params_.hash_value_field) {
      const Value hash = json::ObjectOf(batch.fields(parsed), batch.arena());
      if (!params_.reserve_data) merged.count = 0;
      batch.Set(merged, *params_.hash_value_field, hash);
    } else if (params_.reserve_data) {
      for (uint32_t i = 0; i < parsed.count; ++i) {
        const Field field = batch.fields(parsed)[i];  // a copy: Set() may move fields
        batch.Set(merged, field.key(), field.value(), field.key_clean);
      }
    }
    return merged;
  }

  void AddPrefix(Batch& batch, Row& parsed) {
    const std::string& prefix = *params_.inject_key_prefix;
    for (Field& field : batch.fields(parsed)) {
      char* key = batch.arena().Allocate(prefix.size() + field.key_size);
      std::memcpy(key, prefix.data(), prefix.size());
      std::memcpy(key + prefix.size(), field.key_data, field.key_size);
      field.set_key({key, prefix.size() + field.key_size},
                    field.key_clean && json::IsClean(prefix));
    }
  }

  void NotParsed(Batch& batch, size_t index, const std::string& why, EventContext& context) {
    if (params_.reserve_data) {
      if (params_.emit_invalid_record_to_error) {
        context.CopyToError(batch, batch.rows()[index], why);
      }
      if (params_.hash_value_field) {
        batch.Set(batch.rows()[index], *params_.hash_value_field, Value::Of(Kind::kObject, "{}"));
      }
    } else if (params_.emit_invalid_record_to_error) {
      context.MoveToError(batch, batch.rows()[index], why);
    } else {
      context.Drop(batch, batch.rows()[index], "not_parsed");
    }
  }

  Params params_;
  std::unique_ptr<Parser> parser_;
  Accessor key_;
  std::string scrubbed_;
};

}  // namespace

PluginEntry ParserFilterPlugin() {
  return DefinePlugin<ParserFilter>(
      PluginKind::kFilter, "parser", "Parses one field of an event into fields.", {},
      {{"JSON within a field",
        "<filter **>\n  @type parser\n  key_name log\n  reserve_time true\n  reserve_data "
        "true\n  <parse>\n    @type json\n  </parse>\n</filter>\n",
        R"({"tag":"a","time":[1,0],"record":{"log":"{\"b\":2}"}})",
        R"({"tag":"a","time":[1,0],"record":{"log":"{\"b\":2}","b":2}})"}});
}

}  // namespace tailrace
