// SPDX-License-Identifier: Apache-2.0
// kubernetes_follow: follows pods as the agent does and prints what workers would see, one JSON
// line for each new snapshot. tests/integration/kubernetes_test.py runs it against a real API
// server.
//
//   kubernetes_follow [kubeconfig=FILE | url=URL ca=FILE token=FILE] [node=NAME] [find=NS/POD]...
//
// {"generation":3,"complete":true,"pods":12,"rss_kb":9000,"found":{"ns/pod":{"uid":"..","ip":"..",
//  "app":"label app","namespace_uid":".."}}}
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "kubernetes/pod_source.h"

namespace tailrace::kubernetes {
namespace {

long ResidentKilobytes() {
  std::ifstream statm("/proc/self/statm");
  long size = 0;
  long resident = 0;
  statm >> size >> resident;
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

std::string LabelApp(const PodMeta& pod) {
  for (const auto& [key, value] : pod.labels) {
    if (key == "app") return value;
  }
  return "";
}

void Print(const PodSnapshot& snapshot, const std::vector<std::string>& names) {
  std::printf("{\"generation\":%llu,\"complete\":%s,\"pods\":%zu,\"rss_kb\":%ld,\"found\":{",
              static_cast<unsigned long long>(snapshot.generation()),
              snapshot.complete() ? "true" : "false", snapshot.pods(), ResidentKilobytes());
  const char* separator = "";
  for (const std::string& name : names) {
    const std::string namespace_name = name.substr(0, name.find('/'));
    const PodMeta* pod = snapshot.Find(namespace_name, name.substr(name.find('/') + 1));
    if (pod == nullptr) continue;
    const auto meta = snapshot.FindNamespace(namespace_name);
    std::printf("%s\"%s\":{\"uid\":\"%s\",\"ip\":\"%s\",\"app\":\"%s\",\"namespace_uid\":\"%s\"}",
                separator, name.c_str(), pod->uid.c_str(), pod->ip.c_str(), LabelApp(*pod).c_str(),
                meta ? meta->uid.c_str() : "");
    separator = ",";
  }
  std::printf("}}\n");
  std::fflush(stdout);
}

int Follow(int argc, char** argv) {
  ClientParameters parameters;
  PodSourceOptions options;
  std::vector<std::string> names;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::string key = argument.substr(0, argument.find('='));
    const std::string value = argument.substr(key.size() + 1);
    if (key == "kubeconfig") parameters.kubeconfig = value;
    if (key == "url") parameters.kubernetes_url = value;
    if (key == "ca") parameters.ca_file = value;
    if (key == "token") parameters.bearer_token_file = value;
    if (key == "node") options.node_name = value;
    if (key == "find") names.push_back(value);
  }
  const auto config = ResolveClientConfig(parameters);
  if (!config || !*config) {
    std::fprintf(stderr, "%s\n", config ? "no API" : config.error().message.c_str());
    return 1;
  }
  options.api = **config;
  const auto source = MakePodWatch(options);
  uint64_t generation = 0;
  for (;;) {  // until it is killed
    usleep(20000);
    if (source->cache().generation() == generation) continue;
    const auto snapshot = source->cache().snapshot();
    generation = snapshot->generation();
    Print(*snapshot, names);
  }
}

}  // namespace
}  // namespace tailrace::kubernetes

int main(int argc, char** argv) { return tailrace::kubernetes::Follow(argc, argv); }
