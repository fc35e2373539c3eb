// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/container_ref.h"

#include <gtest/gtest.h>

#include <random>

#include "text/regex.h"

namespace tailrace::kubernetes {
namespace {

const std::string kId(64, 'a');

TEST(ContainerRefTest, ContainersTag) {
  const auto ref =
      ParseContainerTag("kubernetes.var.log.containers.web-0.a_prod-ns_nginx-main-" + kId + ".log");
  ASSERT_TRUE(ref);
  EXPECT_EQ(*ref, (ContainerRef{"prod-ns", "web-0.a", "nginx-main", "", kId}));
  EXPECT_EQ(ref->cache_key(), kId);
}

TEST(ContainerRefTest, PodsTag) {
  const auto ref = ParseContainerTag(
      "kubernetes.var.log.pods.prod_web-0_11111111-2222-4333-8444-555555555555.side.car.0.log");
  ASSERT_TRUE(ref);
  EXPECT_EQ(*ref, (ContainerRef{"prod", "web-0", "side.car", "11111111-2222-4333-8444-555555555555",
                                ""}));
}

TEST(ContainerRefTest, Paths) {
  EXPECT_EQ(ParseContainerPath("/var/log/pods/prod_web-0_1-2/nginx/3.log"),
            (ContainerRef{"prod", "web-0", "nginx", "1-2", ""}));
  EXPECT_EQ(ParseContainerPath("/host/var/log/containers/web_ns_c-" + kId + ".log"),
            (ContainerRef{"ns", "web", "c", "", kId}));
  EXPECT_FALSE(ParseContainerPath("/var/log/syslog"));
}

TEST(ContainerRefTest, NotAContainer) {
  const std::string head = "kubernetes.var.log.containers.";
  for (const std::string& tag :
       {std::string("kubernetes.foo.bar"), head + "x_y_z-123.log", head + "X_y_z-" + kId + ".log",
        head + "-x_y_z-" + kId + ".log", head + "x._y_z-" + kId + ".log",
        head + "x__z-" + kId + ".log", head + "x_y_-" + kId + ".log", head + "x_y_z-" + kId,
        head + "x_y_z-" + kId + ".log.1", head + "x_y_z_" + kId + ".log",
        std::string("var.log.pods.ns_pod_uid.log"), std::string("var.log.pods.ns_pod_uid.c.log"),
        std::string("var.log.pods.ns_pod_U.c.0.log"), std::string("var.log.pods._pod_u.c.0.log"),
        std::string("")}) {
    EXPECT_FALSE(ParseContainerTag(tag)) << tag;
  }
}

// The regular expression that the hand-written parser stands for, as the plugin documents it.
constexpr char kPattern[] =
    R"((var\.log\.pods)\.(?<namespace>[^_]+)_(?<pod_name>[a-z0-9]([-a-z0-9]*[a-z0-9])?)"
    R"((\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)_(?<pod_uuid>[a-z0-9-]*)\.(?<container_name>.+)\..*\.log$)"
    R"(|(var\.log\.containers)\.(?<pod_name>[a-z0-9]([-a-z0-9]*[a-z0-9])?)"
    R"((\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)_(?<namespace>[^_]+)_(?<container_name>.+)-)"
    R"((?<docker_id>[a-z0-9]{64})\.log$)";

// Random tags from the pieces that matter; both ways must agree on all of them.
TEST(ContainerRefTest, AgreesWithTheRegularExpression) {
  auto regex = text::Regex::Compile(kPattern);
  ASSERT_TRUE(regex) << regex.error().message;
  const std::vector<std::string> pieces = {"var.log.pods.",
                                           "var.log.containers.",
                                           "var.log.",
                                           "a",
                                           "web",
                                           "_",
                                           "_",
                                           "_",
                                           "-",
                                           ".",
                                           ".log",
                                           ".0.log",
                                           kId,
                                           "-" + kId,
                                           "-" + kId + ".log",
                                           "X",
                                           "ns_pod_uid.c.1.log"};
  std::minstd_rand random(11);
  text::Captures captures;
  int matches = 0;
  for (int i = 0; i < 200000; ++i) {
    std::string tag = random() % 4 == 0 ? "k." : "";
    tag += pieces[random() % 2];
    for (auto n = 1 + random() % 9; n > 0; --n) tag += pieces[random() % pieces.size()];
    const auto ref = ParseContainerTag(tag);
    const bool matched = regex->Match(tag, captures);
    ASSERT_EQ(ref.has_value(), matched) << tag;
    if (!matched) continue;
    ++matches;
    for (const text::GroupName& name : regex->names()) {
      const std::string_view value = regex->Named(captures, name);
      const std::string& ours = name.name == "namespace"        ? ref->namespace_name
                                : name.name == "pod_name"       ? ref->pod_name
                                : name.name == "container_name" ? ref->container_name
                                : name.name == "pod_uuid"       ? ref->pod_uid
                                                                : ref->container_id;
      ASSERT_EQ(ours, value) << tag << " " << name.name;
    }
  }
  EXPECT_GT(matches, 500);
}

}  // namespace
}  // namespace tailrace::kubernetes
