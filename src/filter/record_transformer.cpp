// SPDX-License-Identifier: Apache-2.0
// <filter> @type record_transformer: adds, replaces and removes fields
// (https://docs.fluentd.org/filter/record_transformer).

#include "config/element.h"
#include "event/accessor.h"
#include "event/json.h"
#include "event/value.h"
#include "filter/record_template.h"
#include "tailrace/define_plugin.h"

namespace tailrace {
namespace {

struct RecordTransformerParams {
  std::optional<std::vector<std::string>> remove_keys;
  std::optional<std::vector<std::string>> keep_keys;
  bool renew_record = false;
  std::optional<std::string> renew_time_key;
  bool enable_ruby = false;
  bool auto_typecast = true;
  std::vector<RawSection> record;

  static const Schema<RecordTransformerParams>& schema() {
    using P = RecordTransformerParams;
    static const auto s =
        Schema<P>()
            .Param("remove_keys", &P::remove_keys, "Fields to remove in the end.")
            .Param("keep_keys", &P::keep_keys, "With renew_record: fields to keep.")
            .Param("renew_record", &P::renew_record, "Starts from an empty record.")
            .Param("renew_time_key", &P::renew_time_key,
                   "Field whose value becomes the time of the event.")
            .Param("enable_ruby", &P::enable_ruby, "Placeholders may be expressions.")
            .Param("auto_typecast", &P::auto_typecast,
                   "A value that is one placeholder keeps its type.")
            .RawSection("record", &P::record, "New fields and their values.")
            .Check([](const P& p) -> std::string {
              if (p.keep_keys && !p.renew_record) return "keep_keys needs renew_record";
              return {};
            });
    return s;
  }
};

class RecordTransformerFilter final : public Filter {
 public:
  using Params = RecordTransformerParams;

  RecordTransformerFilter(Params params, PluginEnv& env)
      : params_(std::move(params)), scope_(HostOf(env)) {
    for (const RawSection& section : params_.record) {
      for (const config::Attribute& attribute : section->attrs) AddField(attribute, env);
    }
    for (const std::string& key : params_.remove_keys.value_or(std::vector<std::string>())) {
      if (auto accessor = Accessor::Compile(key)) {
        remove_.push_back(std::move(*accessor));
      } else {
        env.Problem(env.element(), "remove_keys", accessor.error().message);
      }
    }
  }

  void Apply(Batch& batch, EventContext& context) override {
    if (batch.origin() != nullptr) scope_.SetTag(batch.origin()->tag);
    for (size_t i = 0; i < batch.rows().size(); ++i) {
      Row& row = batch.rows()[i];
      if (row.dropped) continue;
      std::string why;
      if (!Transform(batch, row, &why)) context.MoveToError(batch, row, why);
    }
  }

 private:
  struct NewField {
    RecordTemplate key;
    RecordTemplate value;
  };

  static config::ruby::Host HostOf(PluginEnv& env) {
    config::ruby::Host host;
    host.hostname = env.hostname();
    host.now = [clock = env.clock()] {
      const EventTime now = clock();
      return config::TimeValue{now.sec, now.nsec, false, 0};
    };
    return host;
  }

  void AddField(const config::Attribute& attribute, PluginEnv& env) {
    const RecordTemplate::Options options{params_.enable_ruby, params_.auto_typecast};
    // A key is always text; later sections replace the values of earlier ones.
    auto key = RecordTemplate::Compile(attribute.key, {params_.enable_ruby, true});
    auto value = RecordTemplate::Compile(attribute.text, options);
    if (!key || !value) {
      env.Problem(*params_.record.front(), attribute.key,
                  !key ? key.error().message : value.error().message);
      return;
    }
    // Expressions that can change the record need it written back.
    for (const char* change : {".delete", "!", "]=", "] =", ".store", ".clear", ".replace"}) {
      writes_back_ =
          writes_back_ || (params_.enable_ruby && attribute.text.find(change) != std::string::npos);
    }
    fields_.push_back({std::move(*key), std::move(*value)});
  }

  bool Transform(Batch& batch, Row& row, std::string* why) {
    scope_.SetEvent(row.time, RecordToRuby(batch, row, batch.arena()));
    // All values are made from the record as it came, then set.
    made_.clear();
    for (const NewField& field : fields_) {
      config::Value key, value;
      if (!field.key.Expand(scope_, &key, why) || !field.value.Expand(scope_, &value, why)) {
        return false;
      }
      made_.emplace_back(config::ToText(key), std::move(value));
    }
    if (writes_back_) RecordFromRuby(scope_.variables().front(), batch, row);
    if (params_.renew_record) KeepOnly(batch, row);
    for (const auto& [key, value] : made_) {
      const std::string_view name = batch.arena().Store(key);
      batch.Set(row, name, FromRuby(value, batch.arena()), json::IsClean(name));
    }
    if (params_.renew_time_key) RenewTime(batch, row);
    for (const Accessor& accessor : remove_) accessor.Erase(batch, row);
    return true;
  }

  void KeepOnly(Batch& batch, Row& row) {
    std::vector<Field> kept;
    for (const std::string& key : params_.keep_keys.value_or(std::vector<std::string>())) {
      if (const Field* field = batch.Find(row, key)) kept.push_back(*field);
    }
    row.count = 0;
    for (const Field& field : kept) batch.Append(row, field);
  }

  void RenewTime(Batch& batch, Row& row) {
    const Field* field = batch.Find(row, *params_.renew_time_key);
    if (field == nullptr || field->kind == Kind::kNull) return;
    if (field->kind == Kind::kTime) {
      row.time = TimeOf(field->value());
      return;
    }
    const std::string_view text = ToText(field->value(), batch.arena());
    double seconds = config::LeadingFloat(text);
    row.time.sec = static_cast<int64_t>(seconds);
    row.time.nsec = 0;
    if (const size_t point = text.find('.'); point != std::string_view::npos) {
      int32_t scale = 100'000'000;
      for (size_t i = point + 1; i < text.size() && scale > 0; ++i, scale /= 10) {
        if (text[i] < '0' || text[i] > '9') break;
        row.time.nsec += (text[i] - '0') * scale;
      }
    }
  }

  Params params_;
  TemplateScope scope_;
  std::vector<NewField> fields_;
  std::vector<Accessor> remove_;
  std::vector<std::pair<std::string, config::Value>> made_;
  bool writes_back_ = false;
};

}  // namespace

PluginEntry RecordTransformerFilterPlugin() {
  return DefinePlugin<RecordTransformerFilter>(
      PluginKind::kFilter, "record_transformer", "Adds, replaces and removes fields.", {},
      {{"Add the host",
        "<filter **>\n  @type record_transformer\n  <record>\n    host ${hostname}\n    app "
        "${tag_parts[0]}\n  </record>\n</filter>\n",
        R"({"tag":"web.access","time":[1,0],"record":{"a":1}})",
        R"({"tag":"web.access","time":[1,0],"record":{"a":1,"host":"node-1","app":"web"}})"}});
}

}  // namespace tailrace
