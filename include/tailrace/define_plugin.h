// SPDX-License-Identifier: Apache-2.0
#pragma once
// How a plugin class becomes an entry of the plugin table. The class has a `Params` struct with a
// schema() (tailrace/params.h) and a constructor (Params, PluginEnv&):
//
//   PluginEntry GrepFilterPlugin() {
//     return DefinePlugin<GrepFilter>(PluginKind::kFilter, "grep", "Keeps or drops events by their
//                                     fields.", {}, {examples...});
//   }

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tailrace/params.h"
#include "tailrace/plugin.h"

namespace tailrace {

template <class T>
PluginEntry DefinePlugin(PluginKind kind, std::string type, std::string summary,
                         std::vector<std::string> aliases = {},
                         std::vector<Example> examples = {}) {
  PluginEntry entry;
  entry.kind = kind;
  entry.type = std::move(type);
  entry.aliases = std::move(aliases);
  entry.summary = std::move(summary);
  entry.examples = std::move(examples);
  entry.buffered = std::is_base_of_v<BufferedOutput, T>;
  entry.spec = []() -> const params::Spec& { return T::Params::schema().spec(); };
  entry.make = [](PluginEnv& env) -> std::unique_ptr<Plugin> {
    auto params = Load<typename T::Params>(env.element(), env.load());
    if (env.failed()) return nullptr;
    return std::make_unique<T>(std::move(params), env);
  };
  return entry;
}

}  // namespace tailrace
