// SPDX-License-Identifier: Apache-2.0
// Records as Ruby shows a hash (https://docs.fluentd.org/formatter/hash).
#include "event/ruby_text.h"
#include "formatter/formatter_params.h"

namespace tailrace {
namespace {

class HashFormatter final : public Formatter {
 public:
  using Params = formatter::LineParams;

  HashFormatter(const Params& params, PluginEnv& /*env*/) : line_end_(params.line_end()) {}

  bool Format(const Batch& batch, const Row& row, ByteBuffer& out, std::string* /*why*/) override {
    scratch_.Reset();
    text_ = "{";
    for (const Field& field : batch.fields(row)) {
      if (text_.size() > 1) text_ += ", ";
      ruby::AppendQuoted(field.key(), text_);
      text_ += " => ";
      ruby::AppendInspect(field.value(), scratch_, text_);
    }
    text_ += '}';
    out.Append(text_);
    out.Append(line_end_);
    return true;
  }

 private:
  const std::string_view line_end_;
  std::string text_;
  Arena scratch_;
};

}  // namespace

PluginEntry HashFormatterPlugin() {
  return DefinePlugin<HashFormatter>(
      PluginKind::kFormatter, "hash", "Records as Ruby 3.4 shows a hash.", {},
      {{"A record", "<format>\n  @type hash\n</format>\n",
        R"({"tag":"app","time":[1705314600,0],"record":{"a":1,"b":null}})"
        "\n",
        "{\"a\" => 1, \"b\" => nil}\n"}});
}

}  // namespace tailrace
