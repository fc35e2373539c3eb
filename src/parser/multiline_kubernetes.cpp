// SPDX-License-Identifier: Apache-2.0
// Entries of Kubernetes components (klog) with the lines that follow them.
#include "parser/klog_parser.h"
#include "parser/multiline_stream.h"
#include "tailrace/define_plugin.h"

namespace tailrace {
namespace {

class MultilineKubernetesParser final : public parser::KlogParser {
 public:
  using KlogParser::KlogParser;

  std::unique_ptr<Stream> NewStream() override {
    return std::make_unique<parser::MultilineStream>(*this, &parser::StartsKlogEntry);
  }
};

}  // namespace

PluginEntry MultilineKubernetesParserPlugin() {
  return DefinePlugin<MultilineKubernetesParser>(
      PluginKind::kParser, "multiline_kubernetes",
      "Entries of Kubernetes components (klog) with the lines that follow them.", {},
      {{"A panic's trace belongs to its entry", "<parse>\n  @type multiline_kubernetes\n</parse>\n",
        "E0115 10:30:00.123456    4711 runtime.go:79] Observed a panic\n"
        "goroutine 1 [running]:\n"
        "I0115 10:30:01.000000    4711 main.go:5] next\n",
        R"({"time":[1768473000,123456000],"record":{"severity":"E","pid":"4711",)"
        R"("source":"runtime.go:79","message":"Observed a panic\ngoroutine 1 [running]:"}})"
        "\n"
        R"({"time":[1768473001,0],"record":{"severity":"I","pid":"4711","source":"main.go:5",)"
        R"("message":"next"}})"
        "\n"}});
}

}  // namespace tailrace
