// SPDX-License-Identifier: Apache-2.0
// <filter> and <match> @type record_modifier: adds, removes and rewrites fields with values that
// may be Ruby expressions (https://github.com/repeatedly/fluent-plugin-record-modifier). The output
// form sends events on under another tag.

#include <algorithm>

#include "config/element.h"
#include "event/accessor.h"
#include "event/json.h"
#include "event/json_writer.h"
#include "event/retagger.h"
#include "event/value.h"
#include "filter/dynamic_value.h"
#include "tailrace/define_plugin.h"
#include "text/charset.h"
#include "text/regex.h"

namespace tailrace {
namespace {

struct ReplaceParams {
  std::string key;
  std::string expression;
  std::string replace;
  static const Schema<ReplaceParams>& schema() {
    using P = ReplaceParams;
    static const auto s =
        Schema<P>()
            .Param("key", &P::key, "Field whose text is changed.", {.required = true})
            .Param("expression", &P::expression, "What to look for: /pattern/.", {.required = true})
            .Param("replace", &P::replace, "What to put in its place; \\1 is the first group.",
                   {.required = true});
    return s;
  }
};

struct RecordModifierParams {
  std::optional<std::string> prepare_value;
  std::optional<std::string> char_encoding;
  std::optional<std::vector<std::string>> remove_keys;
  std::optional<std::string> whitelist_keys;
  std::vector<ReplaceParams> replace;
  std::vector<RawSection> record;

  static const Schema<RecordModifierParams>& schema() {
    using P = RecordModifierParams;
    static const auto s =
        Schema<P>()
            .Param("prepare_value", &P::prepare_value,
                   "Run once when the configuration is read: @name = expression, for use as @name "
                   "in values.")
            .Param("char_encoding", &P::char_encoding,
                   "FROM:TO converts every text; FROM alone has no effect.")
            .Param("remove_keys", &P::remove_keys, "Fields to remove.")
            .Param("whitelist_keys", &P::whitelist_keys,
                   "Keep only these fields and those of <record>.")
            .Section("replace", &P::replace, "Replaces a pattern in the text of a field.")
            .RawSection("record", &P::record, "New fields and their values.")
            .Check([](const P& p) { return p.KeysProblem(); });
    return s;
  }
  std::string KeysProblem() const {
    if (!remove_keys || !whitelist_keys) return {};
    return "remove_keys and whitelist_keys are exclusive with each other";
  }
};

std::vector<std::string> SplitKeys(std::string_view text) {
  std::vector<std::string> keys;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    std::string_view key = text.substr(begin, comma - begin);
    while (!key.empty() && key.front() == ' ') key.remove_prefix(1);
    while (!key.empty() && key.back() == ' ') key.remove_suffix(1);
    if (!key.empty()) keys.emplace_back(key);
    begin = comma + 1;
  }
  return keys;
}

// Converts every text within a value, however deep.
class TextConverter {
 public:
  explicit TextConverter(text::CharsetConverter converter) : converter_(std::move(converter)) {}

  Value Convert(const Value& value, Arena& arena) {
    if (value.is_string()) {
      converted_.clear();
      converter_.Append(ToText(value, arena), converted_);
      return Value::Text(arena.Store(converted_));
    }
    if (value.kind == Kind::kArray) {
      json::ArrayWriter array(arena);
      json::ForEachElement(value.bytes(), [&](const Value& item) {
        array.Add(Convert(item, arena));
        return true;
      });
      return array.Finish();
    }
    if (value.kind == Kind::kObject) {
      json::ObjectWriter object(arena);
      json::ForEachMember(value.bytes(), arena, [&](const Field& member) {
        object.Add(member.key(), Convert(member.value(), arena));
        return true;
      });
      return object.Finish();
    }
    return value;
  }

 private:
  text::CharsetConverter converter_;
  std::string converted_;
};

// What both forms do to a record.
class RecordModifier {
 public:
  RecordModifier(const RecordModifierParams& params, bool keys_are_paths, PluginEnv& env)
      : scope_(env) {
    if (params.prepare_value) scope_.Prepare(*params.prepare_value, env);
    for (const RawSection& section : params.record) {
      for (const config::Attribute& attribute : section->attrs) {
        if (auto value = DynamicValue::Compile(attribute.text, scope_)) {
          fields_.push_back({attribute.key, std::move(*value)});
        } else {
          env.Problem(*section, attribute.key, value.error().message);
        }
      }
    }
    for (const std::string& key : params.remove_keys.value_or(std::vector<std::string>())) {
      auto accessor = Accessor::Compile(keys_are_paths ? key : "$['" + key + "']");
      if (accessor) {
        remove_.push_back(std::move(*accessor));
      } else {
        env.Problem(env.element(), "remove_keys", accessor.error().message);
      }
    }
    if (params.whitelist_keys) {
      kept_ = SplitKeys(*params.whitelist_keys);
      for (const NewField& field : fields_) kept_.push_back(field.key);
      whitelist_ = true;
    }
    for (const ReplaceParams& each : params.replace) AddReplacement(each, env);
    if (params.char_encoding) AddConverter(*params.char_encoding, env);
  }

  DynamicScope& scope() { return scope_; }
  void BeginBatch(const Batch& batch) { scope_.BeginBatch(batch, Uses()); }

  // False if an expression or a replacement raised; the record is then changed as far as it came.
  bool Modify(Batch& batch, Row& row, std::string* why) {
    const bool converts = std::any_of(fields_.begin(), fields_.end(),
                                      [](const NewField& field) { return !field.value.fixed(); });
    if (converts) scope_.BeginEvent(batch, row, Uses());
    bool fine = true;
    for (const NewField& field : fields_) {
      if (field.value.fixed()) {
        Set(batch, row, field.key, field.value.fixed_value());
        if (converts) scope_.SetRecordField(field.key, config::Value(field.value.text()));
        continue;
      }
      config::Value value;
      fine = field.value.Expand(scope_, &value, why);
      if (!fine) break;
      Set(batch, row, field.key, scope_.Convert(value, batch.arena()));
      scope_.SetRecordField(field.key, std::move(value));
    }
    if (converts && Uses().changes_record) scope_.WriteBack(batch, row);
    if (!fine) return false;
    for (const Accessor& accessor : remove_) accessor.Erase(batch, row);
    if (whitelist_) KeepOnly(batch, row);
    for (const Replacement& replacement : replacements_) {
      if (!Replace(batch, row, replacement, why)) return false;
    }
    if (converter_) {
      for (Field& field : batch.fields(row)) {
        field.set_value(converter_->Convert(field.value(), batch.arena()));
      }
    }
    return true;
  }

 private:
  struct NewField {
    std::string key;
    DynamicValue value;
  };
  struct Replacement {
    std::string key;
    text::Regex pattern;
    std::string replace;
  };

  DynamicUses Uses() const {
    DynamicUses uses;
    for (const NewField& field : fields_) uses |= field.value.uses();
    return uses;
  }

  void AddReplacement(const ReplaceParams& params, PluginEnv& env) {
    std::string_view pattern = params.expression;
    if (pattern.size() > 1 && pattern.front() == '/' && pattern.back() == '/') {
      pattern = pattern.substr(1, pattern.size() - 2);
    }
    text::RegexOptions options;
    options.match_invalid_utf8_as_bytes = true;
    auto compiled = text::Regex::Compile(pattern, options);
    if (!compiled) {
      env.Problem(env.element(), "", compiled.error().message);
      return;
    }
    replacements_.push_back({params.key, std::move(*compiled), params.replace});
  }

  void AddConverter(const std::string& encodings, PluginEnv& env) {
    const size_t colon = encodings.find(':');
    const std::string from = encodings.substr(0, colon);
    const std::string to = colon == std::string::npos ? "UTF-8" : encodings.substr(colon + 1);
    auto converter = text::CharsetConverter::Create(from, to);
    if (!converter) {
      env.Problem(env.element(), "char_encoding", converter.error().message);
    } else if (colon != std::string::npos) {
      converter_.emplace(std::move(*converter));
    }
  }

  static void Set(Batch& batch, Row& row, const std::string& key, const Value& value) {
    batch.Set(row, key, value, json::IsClean(key));
  }

  // In the order of the list, as Fluentd gives it.
  void KeepOnly(Batch& batch, Row& row) {
    found_.clear();
    for (const std::string& key : kept_) {
      const Field* field = batch.Find(row, key);
      const auto same = [&key](const Field& other) { return other.key() == key; };
      if (field != nullptr && std::none_of(found_.begin(), found_.end(), same)) {
        found_.push_back(*field);
      }
    }
    row.count = 0;
    for (const Field& field : found_) batch.Append(row, field);
  }

  bool Replace(Batch& batch, Row& row, const Replacement& replacement, std::string* why) {
    Field* field = batch.Find(row, replacement.key);
    if (field == nullptr || field->kind == Kind::kNull) return true;
    if (!field->value().is_string()) {
      *why = "'" + replacement.key + "' is no text, so nothing can be replaced in it";
      return false;
    }
    replaced_.clear();
    const std::string_view subject = ToText(field->value(), batch.arena());
    const auto result = text::GsubExpand(replacement.pattern, subject, replacement.replace,
                                         text::Replace::kAll, replaced_);
    if (result) field->set_value(Value::Text(batch.arena().Store(replaced_)));
    return true;
  }

  DynamicScope scope_;
  std::vector<NewField> fields_;
  std::vector<Accessor> remove_;
  std::vector<std::string> kept_;
  bool whitelist_ = false;
  std::vector<Field> found_;
  std::vector<Replacement> replacements_;
  std::string replaced_;
  std::optional<TextConverter> converter_;
};

class RecordModifierFilter final : public Filter {
 public:
  using Params = RecordModifierParams;

  RecordModifierFilter(const Params& params, PluginEnv& env) : modifier_(params, true, env) {}

  void Apply(Batch& batch, EventContext& context) override {
    modifier_.BeginBatch(batch);
    for (Row& row : batch.rows()) {
      if (row.dropped) continue;
      // Fluentd reports the error and lets the event go on as far as it was changed.
      std::string why;
      if (!modifier_.Modify(batch, row, &why)) context.CopyToError(batch, row, why);
    }
  }

 private:
  RecordModifier modifier_;
};

struct RecordModifierOutputParams : RecordModifierParams {
  std::string tag;

  static const Schema<RecordModifierOutputParams>& schema() {
    using P = RecordModifierOutputParams;
    static const auto s = Schema<P>().Inherit<RecordModifierParams>().Param(
        "tag", &P::tag, "Tag of the events; may hold expressions.", {.required = true});
    return s;
  }
};

class RecordModifierOutput final : public Output {
 public:
  using Params = RecordModifierOutputParams;

  RecordModifierOutput(const Params& params, PluginEnv& env)
      : modifier_(params, false, env), retagger_(env), label_(env.Reserved("@label")) {
    if (!label_.empty()) env.UseLabel(label_, env.element());
    if (auto tag = DynamicValue::Compile(params.tag, modifier_.scope())) {
      tag_.emplace(std::move(*tag));
    } else {
      env.Problem(env.element(), "tag", tag.error().message);
    }
  }

  void Emit(Batch& batch, EventContext& context) override {
    modifier_.BeginBatch(batch);
    modifier_.scope().BeginBatch(batch, tag_->uses());
    for (uint32_t i = 0; i < batch.rows().size(); ++i) {
      Row& row = batch.rows()[i];
      if (row.dropped) continue;
      std::string why;
      if (!modifier_.Modify(batch, row, &why) || !SendOn(batch, row, i, &why)) {
        context.MoveToError(batch, batch.rows()[i], why);
      }
    }
    retagger_.Emit(batch, context);
  }
  bool Writable(const Origin& origin) override { return retagger_.Writable(origin); }
  bool changes_events() const override { return true; }

 private:
  bool SendOn(Batch& batch, const Row& row, uint32_t index, std::string* why) {
    if (tag_->fixed()) {
      retagger_.Send(index, tag_->text(), label_);
      return true;
    }
    modifier_.scope().BeginEvent(batch, row, tag_->uses());
    config::Value tag;
    if (!tag_->Expand(modifier_.scope(), &tag, why)) return false;
    retagger_.Send(index, config::ToText(tag), label_);
    return true;
  }

  RecordModifier modifier_;
  std::optional<DynamicValue> tag_;
  Retagger retagger_;
  std::string label_;
};

}  // namespace

PluginEntry RecordModifierFilterPlugin() {
  return DefinePlugin<RecordModifierFilter>(
      PluginKind::kFilter, "record_modifier",
      "Adds, removes and rewrites fields; values may be Ruby expressions.", {},
      {{"Add a field, mask digits",
        "<filter **>\n  @type record_modifier\n  remove_keys tmp\n  <record>\n    app "
        "${tag_parts[1]}\n  </record>\n  <replace>\n    key message\n    expression /\\d+/\n    "
        "replace N\n  </replace>\n</filter>\n",
        R"({"tag":"web.shop","time":[1,0],"record":{"message":"order 42","tmp":1}})",
        R"({"tag":"web.shop","time":[1,0],"record":{"message":"order N","app":"shop"}})"}});
}

PluginEntry RecordModifierOutputPlugin() {
  return DefinePlugin<RecordModifierOutput>(
      PluginKind::kOutput, "record_modifier",
      "Does what the filter does and sends events on under another tag.", {},
      {{"Rewrite the tag",
        "<match web.**>\n  @type record_modifier\n  tag app.${record['app']}\n  <record>\n    "
        "seen yes\n  </record>\n</match>\n",
        R"({"tag":"web.x","time":[1,0],"record":{"app":"shop"}})",
        R"({"tag":"app.shop","time":[1,0],"record":{"app":"shop","seen":"yes"}})"}});
}

}  // namespace tailrace
