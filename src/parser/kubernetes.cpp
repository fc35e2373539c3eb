// SPDX-License-Identifier: Apache-2.0
// Lines of Kubernetes components (klog).
#include "parser/klog_parser.h"
#include "tailrace/define_plugin.h"

namespace tailrace {

PluginEntry KubernetesParserPlugin() {
  return DefinePlugin<parser::KlogParser>(
      PluginKind::kParser, "kubernetes", "Lines of Kubernetes components (klog).", {},
      {{"The kubelet; the year is the current one", "<parse>\n  @type kubernetes\n</parse>\n",
        "I0115 10:30:00.123456    4711 kubelet.go:2205] \"SyncLoop ADD\" source=\"api\"\n",
        R"({"time":[1768473000,123456000],"record":{"severity":"I","pid":"4711",)"
        R"("source":"kubelet.go:2205","message":"\"SyncLoop ADD\" source=\"api\""}})"
        "\n"}});
}

}  // namespace tailrace
