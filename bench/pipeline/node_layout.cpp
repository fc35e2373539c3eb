// SPDX-License-Identifier: Apache-2.0
#include "node_layout.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace tailrace::bench {
namespace {

namespace fs = std::filesystem;

struct Service {
  const char* name_space;
  const char* name;
  const char* container;
};
constexpr std::array<Service, 6> kServices = {{{"echo-prod", "echo-api", "api"},
                                               {"echo-prod", "echo-media", "relay"},
                                               {"echo-prod", "echo-signaling", "signaling"},
                                               {"billing", "ledger", "app"},
                                               {"ingress", "ingress-nginx", "controller"},
                                               {"observability", "collector", "worker"}}};

std::string Hex(Random& random, int digits) {
  std::string text;
  for (int i = 0; i < digits; ++i) text += "0123456789abcdef"[random.Below(16)];
  return text;
}

std::string Uuid(Random& random) {
  return Hex(random, 8) + "-" + Hex(random, 4) + "-4" + Hex(random, 3) + "-a" + Hex(random, 3) +
         "-" + Hex(random, 12);
}

std::string PodJson(const LogFile& file, const Service& service, const std::string& set) {
  const std::string app = service.name;
  return R"({"metadata":{"name":")" + file.pod + R"(","generateName":")" + set +
         R"(-","namespace":")" + file.name_space + R"(","uid":")" + file.uid +
         R"(","resourceVersion":"1000","creationTimestamp":"2024-01-15T09:00:00Z",)" +
         R"("labels":{"app":")" + app + R"(","app.kubernetes.io/name":")" + app +
         R"(","app.kubernetes.io/version":"2.14.3","pod-template-hash":")" +
         set.substr(set.rfind('-') + 1) + R"(","team":"realtime","tier":"backend"},)" +
         R"("annotations":{"prometheus.io/scrape":"true"},"ownerReferences":[{"apiVersion":)" +
         R"("apps/v1","kind":"ReplicaSet","name":")" + set +
         R"(","uid":"00000000-0000-4000-a000-000000000001","controller":true}]},)" +
         R"("spec":{"nodeName":"node-17","containers":[{"name":")" + file.container +
         R"(","image":"registry.echo.example/)" + app + R"(:2.14.3"}]},)" +
         R"("status":{"phase":"Running","hostIP":"192.0.2.17","podIP":"10.244.1.7",)" +
         R"("containerStatuses":[{"name":")" + file.container +
         R"(","image":"registry.echo.example/)" + app +
         R"(:2.14.3","imageID":"registry.echo.example/)" + app +
         R"(@sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",)" +
         R"("containerID":"containerd://)" + file.container_id +
         R"(","ready":true,"restartCount":0,"state":{"running":{"startedAt":)" +
         R"("2024-01-15T09:00:05Z"}}}]}})";
}

void CreateEmpty(const std::string& path) {
  if (!std::ofstream(path, std::ios::trunc)) throw std::runtime_error("cannot create " + path);
}

}  // namespace

std::vector<LogFile> MakeNode(const std::string& root_path, Kind kind, std::uint32_t files,
                              std::uint64_t seed) {
  const std::string root = fs::absolute(root_path).lexically_normal().string();
  Random random(seed);
  std::vector<LogFile> made;
  std::string pods;
  fs::create_directories(root + (kind == Kind::kNginx ? "/nginx" : "/containers"));
  for (std::uint32_t i = 0; i < files; ++i) {
    LogFile file;
    if (kind == Kind::kNginx) {
      file.path = root + "/nginx/access-" + std::to_string(i) + ".log";
      CreateEmpty(file.path);
      made.push_back(std::move(file));
      continue;
    }
    const Service& service = kServices[i % kServices.size()];
    const std::string set = std::string(service.name) + "-" + Hex(random, 10);
    file.name_space = service.name_space;
    file.pod = set + "-" + Hex(random, 5);
    file.uid = Uuid(random);
    file.container = service.container;
    file.container_id = Hex(random, 64);
    const std::string folder =
        root + "/pods/" + file.name_space + "_" + file.pod + "_" + file.uid + "/" + file.container;
    fs::create_directories(folder);
    file.path = folder + "/0.log";
    file.link = root + "/containers/" + file.pod + "_" + file.name_space + "_" + file.container +
                "-" + file.container_id + ".log";
    CreateEmpty(file.path);
    fs::create_symlink(file.path, file.link);
    pods += (i == 0 ? "" : ",\n") + PodJson(file, service, set);
    made.push_back(std::move(file));
  }
  WriteFileAtOnce(root + "/pods.json",
                  R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1000"},)"
                  "\"items\":[\n" +
                      pods + "\n]}\n");
  return made;
}

void WriteFileAtOnce(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".new";
  std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out || std::rename(temporary.c_str(), path.c_str()) != 0) {
    throw std::runtime_error("cannot write " + path);
  }
}

}  // namespace tailrace::bench
