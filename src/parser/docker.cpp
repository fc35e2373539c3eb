// SPDX-License-Identifier: Apache-2.0
// Lines of docker's json-file log driver as they are: log, stream and the time. `container` also
// joins long lines and looks into the message.
#include "parser/cri_line.h"
#include "parser/json_parser.h"
#include "tailrace/define_plugin.h"

namespace tailrace {
namespace {

struct DockerParams : parser::JsonParams {
  DockerParams() {
    time_type = text::TimeType::kString;
    time_format = "%iso8601";
  }
  static const Schema<DockerParams>& schema() {
    static const auto s = Schema<DockerParams>().Inherit<parser::JsonParams>();
    return s;
  }
};

class DockerParser final : public parser::JsonParser {
 public:
  using Params = DockerParams;

  DockerParser(const Params& params, PluginEnv& env)
      : JsonParser(params, env), own_format_(params.time_format == "%iso8601") {}

 protected:
  ParseStatus FinishObject(Batch& batch, Row& row) override {
    const Field* const time = time_key() ? batch.Find(row, *time_key()) : nullptr;
    if (!own_format_ || time == nullptr || time->kind != Kind::kClean ||
        !container_time_.Parse(time->value().bytes(), &row.time)) {
      return Finish(batch, row);
    }
    if (!keep_time_key()) batch.Erase(row, *time_key());
    if (converts()) Convert(batch, row);
    return ParseStatus::kOk;
  }

 private:
  const bool own_format_;
  parser::ContainerTime container_time_;
};

}  // namespace

PluginEntry DockerParserPlugin() {
  return DefinePlugin<DockerParser>(
      PluginKind::kParser, "docker", "Lines of docker's json-file log driver.", {},
      {{"A line as docker writes it", "<parse>\n  @type docker\n</parse>\n",
        R"({"log":"hello\n","stream":"stdout","time":"2024-01-15T10:30:00.123456789Z"})"
        "\n",
        R"({"time":[1705314600,123456789],"record":{"log":"hello\n","stream":"stdout"}})"
        "\n"}});
}

}  // namespace tailrace
