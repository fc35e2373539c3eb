// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/metadata_resolver.h"

#include <gtest/gtest.h>

#include "kubernetes/fake_api.h"

namespace tailrace::kubernetes {
namespace {

using namespace std::chrono_literals;  // NOLINT: literals only
using test::Eventually;
using test::FakeApi;
using test::ListJson;
using test::PodJson;
using test::ReceivedRequest;

const std::string kTag = "var.log.pods.ns_a_1.c.0.log";

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

ResolverOptions OptionsFor(const FakeApi& api) {
  ResolverOptions options;
  options.source.emplace();
  options.source->api = api.Config();
  options.source->node_name = "n1";
  options.source->backoff = {.wait = 0.02, .max_interval = 0.1, .randomize_first = true};
  options.source->share_key = api.Url();
  options.wait_timeout = 5s;
  options.first_list_timeout = 30s;
  return options;
}

// Lists pods; namespaces as `namespaces` says; watches bring nothing.
FakeApi::Script Lists(std::function<bool(FakeApi::Connection&)> pods,
                      std::function<bool(FakeApi::Connection&)> namespaces) {
  return [pods, namespaces](FakeApi::Connection& c, const ReceivedRequest& request, int) {
    if (Has(request.target, "watch=1")) {
      FakeApi::BeginWatch(c);
      c.Wait(30s);
      return false;
    }
    return Has(request.target, "/pods") ? pods(c) : namespaces(c);
  };
}

TEST(MetadataResolverTest, WaitsForTheFirstListLongerThanForAPod) {
  std::atomic<bool> away{true};
  FakeApi api(Lists(
      [&](FakeApi::Connection& c) {
        return away ? c.Answer(503, "") : c.Answer(200, ListJson({}, "1"));
      },
      [](FakeApi::Connection& c) { return c.Answer(200, ListJson({}, "1")); }));
  MetadataResolver resolver(OptionsFor(api));
  const auto begin = MetadataResolver::Clock::now();
  EXPECT_FALSE(resolver.Ready(kTag, begin));
  EXPECT_FALSE(resolver.Ready(kTag, begin + 29s));
  EXPECT_TRUE(resolver.Ready("no.container", begin));
  away = false;
  // Now the list is there and the pod is not in it: the shorter wait counts.
  EXPECT_TRUE(Eventually([&] { return resolver.Ready(kTag, begin + 6s); }));
  EXPECT_TRUE(resolver.Ready(kTag, begin)) << "a wait that is over stays over";
}

TEST(MetadataResolverTest, NamespaceIsWaitedForToo) {
  FakeApi api(Lists(
      [](FakeApi::Connection& c) { return c.Answer(200, ListJson({PodJson("a", "1", "1")}, "1")); },
      [](FakeApi::Connection& c) { return c.Answer(403, "{}"); }));
  MetadataResolver resolver(OptionsFor(api));
  const auto begin = MetadataResolver::Clock::now();
  EXPECT_FALSE(resolver.Ready(kTag, begin));
  ASSERT_TRUE(Eventually([&] { return Has(resolver.ForTag(kTag)->kubernetes, "10.0.0.1"); }));
  EXPECT_FALSE(resolver.Ready(kTag, begin + 4s));
  EXPECT_TRUE(resolver.Ready(kTag, begin + 5s)) << "as long as for a pod, not as for a first list";
}

TEST(MetadataResolverTest, FragmentIsRenderedAnewOnlyWhenItsPodChanges) {
  std::atomic<bool> change_other{false};
  std::atomic<bool> change_own{false};
  FakeApi api([&](FakeApi::Connection& c, const ReceivedRequest& request, int) {
    const bool pods = Has(request.target, "/pods");
    if (!Has(request.target, "watch=1")) {
      return c.Answer(200, pods ? ListJson({PodJson("a", "1", "1"), PodJson("b", "2", "1")}, "1")
                                : ListJson({test::NamespaceJson("ns", "1")}, "1"));
    }
    FakeApi::BeginWatch(c);
    while (pods && !change_other && c.Wait(5ms)) {
    }
    if (pods) FakeApi::SendPiece(c, test::EventJson("MODIFIED", PodJson("b", "2", "2", "2.2.2.2")));
    while (pods && !change_own && c.Wait(5ms)) {
    }
    if (pods) FakeApi::SendPiece(c, test::EventJson("MODIFIED", PodJson("a", "1", "3", "3.3.3.3")));
    c.Wait(30s);
    return false;
  });
  MetadataResolver resolver(OptionsFor(api));
  ASSERT_TRUE(Eventually([&] { return resolver.Ready(kTag); }));
  const auto first = resolver.ForTag(kTag);
  EXPECT_TRUE(Has(first->kubernetes, "10.0.0.1"));
  change_other = true;
  ASSERT_TRUE(Eventually(
      [&] { return Has(resolver.ForTag("var.log.pods.ns_b_2.c.0.log")->kubernetes, "2.2.2.2"); }));
  EXPECT_EQ(resolver.ForTag(kTag), first) << "the same object, not only the same text";
  change_own = true;
  ASSERT_TRUE(Eventually([&] { return resolver.ForTag(kTag) != first; }));
  EXPECT_TRUE(Has(resolver.ForTag(kTag)->kubernetes, "3.3.3.3"));
}

TEST(MetadataResolverTest, WrongUidIsAnotherPod) {
  FakeApi api(Lists(
      [](FakeApi::Connection& c) { return c.Answer(200, ListJson({PodJson("a", "2", "1")}, "1")); },
      [](FakeApi::Connection& c) {
        return c.Answer(200, ListJson({test::NamespaceJson("ns", "1")}, "1"));
      }));
  MetadataResolver resolver(OptionsFor(api));
  const auto begin = MetadataResolver::Clock::now();
  EXPECT_FALSE(resolver.Ready(kTag, begin));
  ASSERT_TRUE(Eventually([&] { return resolver.Ready(kTag, begin + 5s); }));
  EXPECT_TRUE(Has(resolver.ForTag(kTag)->kubernetes, R"("pod_id":"1")"));
  EXPECT_FALSE(Has(resolver.ForTag(kTag)->kubernetes, "10.0.0.1"));
}

TEST(MetadataResolverTest, WithoutASourceNothingWaits) {
  MetadataResolver resolver(ResolverOptions{});
  EXPECT_TRUE(resolver.Ready(kTag));
  EXPECT_EQ(resolver.ForTag(kTag)->kubernetes,
            R"({"container_name":"c","namespace_name":"ns","pod_name":"a"})");
  EXPECT_EQ(resolver.ForTag("other"), nullptr);
  // Many files over time do not pile up; the one in use stays right.
  for (int i = 0; i < 5000; ++i) {
    const std::string n = std::to_string(i);
    EXPECT_TRUE(Has(resolver.ForTag("var.log.pods.ns_p" + n + "_1.c.0.log")->kubernetes, "p" + n));
  }
  EXPECT_TRUE(Has(resolver.ForTag(kTag)->kubernetes, R"("pod_name":"a")"));
}

}  // namespace
}  // namespace tailrace::kubernetes
