// SPDX-License-Identifier: Apache-2.0
// <filter> and <match> @type flatten_hash: nested objects become fields whose keys are the way to
// them (https://github.com/kazegusuri/fluent-plugin-flatten-hash).

#include "event/json.h"
#include "filter/tag_name.h"
#include "tailrace/define_plugin.h"

namespace tailrace {
namespace {

struct FlattenParams {
  std::string separator = ".";
  bool flatten_array = true;

  static const Schema<FlattenParams>& schema() {
    using P = FlattenParams;
    static const auto s =
        Schema<P>()
            .Param("separator", &P::separator, "Stands between the keys.")
            .Param("flatten_array", &P::flatten_array, "Arrays too: their indexes become keys.");
    return s;
  }
};

class FlattenFilter final : public Filter {
 public:
  using Params = FlattenParams;

  FlattenFilter(Params params, PluginEnv& /*env*/) : params_(std::move(params)) {}

  void Apply(Batch& batch, EventContext& /*context*/) override {
    for (Row& row : batch.rows()) {
      if (row.dropped) continue;
      bool nested = false;
      for (const Field& field : batch.fields(row)) nested = nested || Opens(field.value());
      if (nested) Flatten(batch, row);
    }
  }

 private:
  bool Opens(const Value& value) const {
    return value.kind == Kind::kObject || (value.kind == Kind::kArray && params_.flatten_array);
  }

  void Flatten(Batch& batch, Row& row) {
    before_.assign(batch.fields(row).begin(), batch.fields(row).end());
    row.count = 0;
    for (const Field& field : before_) {
      key_ = field.key();
      Add(batch, row, field.value());
    }
  }

  // Adds `value` under key_, or what it holds under longer keys.
  void Add(Batch& batch, Row& row, const Value& value) {
    const size_t length = key_.size();
    if (value.kind == Kind::kObject) {
      json::ForEachMember(value.bytes(), batch.arena(), [&](const Field& member) {
        key_ += params_.separator;
        key_ += member.key();
        Add(batch, row, member.value());
        key_.resize(length);
        return true;
      });
    } else if (value.kind == Kind::kArray && params_.flatten_array) {
      size_t index = 0;
      json::ForEachElement(value.bytes(), [&](const Value& item) {
        key_ += params_.separator;
        key_ += std::to_string(index++);
        Add(batch, row, item);
        key_.resize(length);
        return true;
      });
    } else {
      batch.Set(row, batch.arena().Store(key_), value, json::IsClean(key_));
    }
  }

  Params params_;
  std::vector<Field> before_;
  std::string key_;
};

struct FlattenOutputParams : FlattenParams, TagNameParams {
  static const Schema<FlattenOutputParams>& schema() {
    static const auto s =
        Schema<FlattenOutputParams>().Inherit<FlattenParams>().Inherit<TagNameParams>().Check(
            [](const FlattenOutputParams& p) { return p.Problem(); });
    return s;
  }
};

}  // namespace

PluginEntry FlattenHashFilterPlugin() {
  return DefinePlugin<FlattenFilter>(
      PluginKind::kFilter, "flatten_hash", "Nested objects become plain fields.", {"flatten"},
      {{"Objects and arrays", "<filter **>\n  @type flatten_hash\n  separator _\n</filter>\n",
        R"({"tag":"a","time":[1,0],"record":{"k":{"ns":"echo","l":[1,{"x":2}]},"m":"hi"}})",
        R"({"tag":"a","time":[1,0],"record":{"k_ns":"echo","k_l_0":1,"k_l_1_x":2,"m":"hi"}})"}});
}

PluginEntry FlattenHashOutputPlugin() {
  return DefinePlugin<FilterOutput<FlattenFilter, FlattenOutputParams>>(
      PluginKind::kOutput, "flatten_hash",
      "Nested objects become plain fields; events go on under another tag.", {},
      {{"A new tag",
        "<match a.**>\n  @type flatten_hash\n  remove_tag_prefix a\n  add_tag_prefix "
        "flat\n</match>\n",
        R"({"tag":"a.b","time":[1,0],"record":{"k":{"x":1}}})",
        R"({"tag":"flat.b","time":[1,0],"record":{"k.x":1}})"}});
}

}  // namespace tailrace
