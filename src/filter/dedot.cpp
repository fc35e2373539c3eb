// SPDX-License-Identifier: Apache-2.0
// <filter> @type dedot: replaces the dots in keys, which Elasticsearch would read as objects
// (fluent-plugin-dedot_filter).

#include "event/json.h"
#include "event/json_writer.h"
#include "tailrace/define_plugin.h"

namespace tailrace {
namespace {

struct DedotParams {
  bool de_dot = true;
  std::string de_dot_separator = "_";
  bool de_dot_nested = false;

  static const Schema<DedotParams>& schema() {
    using P = DedotParams;
    static const auto s =
        Schema<P>()
            .Param("de_dot", &P::de_dot, "false: events pass unchanged.")
            .Param("de_dot_separator", &P::de_dot_separator, "What takes the place of a dot.")
            .Param("de_dot_nested", &P::de_dot_nested,
                   "Does the same within objects and in the objects of arrays.")
            .Check([](const P& p) -> std::string {
              if (p.de_dot && p.de_dot_separator.find('.') != std::string::npos) {
                return "de_dot_separator cannot be or contain '.'";
              }
              return {};
            });
    return s;
  }
};

class DedotFilter final : public Filter {
 public:
  using Params = DedotParams;

  DedotFilter(Params params, PluginEnv& /*env*/)
      : params_(std::move(params)), clean_(json::IsClean(params_.de_dot_separator)) {}

  void Apply(Batch& batch, EventContext& /*context*/) override {
    if (!params_.de_dot) return;
    for (Row& row : batch.rows()) {
      if (!row.dropped) Change(batch, row);
    }
  }

 private:
  static bool HasDot(std::string_view text) { return text.find('.') != std::string_view::npos; }

  void Change(Batch& batch, Row& row) {
    bool renamed = false;
    for (Field& field : batch.fields(row)) {
      if (HasDot(field.key())) {
        field.set_key(Renamed(field.key(), batch.arena()), field.key_clean && clean_);
        renamed = true;
      }
      if (params_.de_dot_nested) field.set_value(Nested(field.value(), batch.arena()));
    }
    if (renamed) MergeRepeated(batch, row);
  }

  std::string_view Renamed(std::string_view key, Arena& arena) const {
    std::string renamed;
    for (const char c : key) {
      if (c == '.') {
        renamed += params_.de_dot_separator;
      } else {
        renamed += c;
      }
    }
    return arena.Store(renamed);
  }

  // Two keys may have become one: the last value counts, at the place of the first.
  static void MergeRepeated(Batch& batch, Row& row) {
    const auto fields = batch.fields(row);
    uint16_t kept = 0;
    for (const Field field : fields) {
      uint16_t at = 0;
      while (at < kept && fields[at].key() != field.key()) ++at;
      if (at == kept) ++kept;
      fields[at] = field;
    }
    row.count = kept;
  }

  Value Nested(const Value& value, Arena& arena) const {
    if (!HasDot(value.bytes())) return value;
    if (value.kind == Kind::kObject) return Object(value, arena);
    if (value.kind != Kind::kArray) return value;
    json::ArrayWriter array(arena);
    json::ForEachElement(value.bytes(), [&](const Value& item) {
      array.Add(item.kind == Kind::kObject ? Object(item, arena) : item);
      return true;
    });
    return array.Finish();
  }

  Value Object(const Value& value, Arena& arena) const {
    std::vector<Field> members;
    json::ForEachMember(value.bytes(), arena, [&](const Field& member) {
      Field made;
      made.set_key(HasDot(member.key()) ? Renamed(member.key(), arena) : member.key(), false);
      made.set_value(Nested(member.value(), arena));
      for (Field& known : members) {
        if (known.key() != made.key()) continue;
        known.set_value(made.value());
        return true;
      }
      members.push_back(made);
      return true;
    });
    return json::ObjectOf(members, arena);
  }

  Params params_;
  bool clean_;
};

}  // namespace

PluginEntry DedotFilterPlugin() {
  return DefinePlugin<DedotFilter>(
      PluginKind::kFilter, "dedot", "Replaces the dots in keys.", {"de_dot"},
      {{"Nested labels", "<filter **>\n  @type dedot\n  de_dot_nested true\n</filter>\n",
        R"({"tag":"a","time":[1,0],"record":{"x.y":1,"labels":{"app.kubernetes.io/name":"web"}}})",
        R"({"tag":"a","time":[1,0],"record":{"x_y":1,"labels":{"app_kubernetes_io/name":"web"}}})"}});
}

}  // namespace tailrace
