// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/pod_cache.h"

#include <gtest/gtest.h>

#include <thread>

namespace tailrace::kubernetes {
namespace {

using namespace std::chrono_literals;  // NOLINT: literals only

PodMeta Pod(const std::string& name, const std::string& uid, const std::string& ip = "") {
  PodMeta pod;
  pod.namespace_name = "ns";
  pod.name = name;
  pod.uid = uid;
  pod.ip = ip;
  return pod;
}

class PodCacheTest : public testing::Test {
 protected:
  std::string UidOf(const std::string& name) {
    cache_->Publish();
    const auto snapshot = cache_->snapshot();
    const PodMeta* pod = snapshot->Find("ns", name);
    return pod == nullptr ? "none" : pod->uid;
  }
  void Limits(CacheLimits limits) { cache_ = std::make_unique<PodCache>(limits); }

  std::unique_ptr<PodCache> cache_ = std::make_unique<PodCache>(CacheLimits{});
  PodCache::Clock::time_point now_ = PodCache::Clock::now();
};

TEST_F(PodCacheTest, ChangesShowWhenPublished) {
  const auto before = cache_->snapshot();
  cache_->UpdatePod(Pod("a", "1"));
  EXPECT_EQ(cache_->generation(), 0U);
  EXPECT_EQ(cache_->snapshot()->Find("ns", "a"), nullptr);
  cache_->Publish();
  EXPECT_EQ(cache_->generation(), 1U);
  EXPECT_EQ(cache_->snapshot()->generation(), 1U);
  EXPECT_EQ(cache_->snapshot()->Find("ns", "a")->uid, "1");
  EXPECT_EQ(cache_->snapshot()->Find("other", "a"), nullptr);
  EXPECT_EQ(before->Find("ns", "a"), nullptr);
  cache_->Publish();
  EXPECT_EQ(cache_->generation(), 1U) << "nothing changed";
}

TEST_F(PodCacheTest, CompleteAfterBothLists) {
  cache_->WantNamespaces();
  cache_->BeginPodList();
  cache_->EndPodList(now_);
  cache_->Publish();
  EXPECT_FALSE(cache_->snapshot()->complete());
  cache_->BeginNamespaceList();
  cache_->UpdateNamespace({"ns", "u", 0, {}, {}});
  cache_->EndNamespaceList();
  cache_->Publish();
  EXPECT_TRUE(cache_->snapshot()->complete());
  EXPECT_EQ(cache_->snapshot()->FindNamespace("ns")->uid, "u");
}

TEST_F(PodCacheTest, DeletedPodsStayForTheirFiles) {
  Limits({.deleted_ttl = 60s});
  cache_->UpdatePod(Pod("a", "1"));
  cache_->DeletePod("ns", "a", "1", now_);
  EXPECT_EQ(UidOf("a"), "1");
  cache_->DropAged(now_ + 59s);
  EXPECT_EQ(UidOf("a"), "1");
  cache_->DropAged(now_ + 61s);
  EXPECT_EQ(UidOf("a"), "none");
}

TEST_F(PodCacheTest, ListDeletesWhatItDoesNotHave) {
  Limits({.deleted_ttl = 60s});
  cache_->UpdatePod(Pod("a", "1"));
  cache_->UpdatePod(Pod("b", "2"));
  cache_->BeginPodList();
  cache_->UpdatePod(Pod("b", "2"));
  cache_->EndPodList(now_);
  EXPECT_EQ(UidOf("a"), "1") << "still draining";
  cache_->DropAged(now_ + 61s);
  EXPECT_EQ(UidOf("a"), "none");
  EXPECT_EQ(UidOf("b"), "2");
}

TEST_F(PodCacheTest, ReplacedPodIsKeptBehindTheNewOne) {
  cache_->UpdatePod(Pod("web-0", "old", "10.0.0.1"));
  cache_->DeletePod("ns", "web-0", "old", now_);
  cache_->UpdatePod(Pod("web-0", "new", ""));
  cache_->UpdatePod(Pod("web-0", "new", "10.0.0.2"));
  cache_->DeletePod("ns", "web-0", "old", now_);  // late news about the old one
  cache_->DropAged(now_ + 24h);
  cache_->Publish();
  const auto snapshot = cache_->snapshot();
  const PodMeta* pod = snapshot->Find("ns", "web-0");
  ASSERT_NE(pod, nullptr);
  EXPECT_EQ(pod->ip, "10.0.0.2");
  ASSERT_NE(pod->previous, nullptr);
  EXPECT_EQ(pod->previous->ip, "10.0.0.1");
  EXPECT_EQ(pod->previous->previous, nullptr);
}

TEST_F(PodCacheTest, LimitTakesDeletedPodsFirstAndThenRefuses) {
  Limits({.pods_max = 3});
  for (const char* name : {"a", "b", "c"}) cache_->UpdatePod(Pod(name, name));
  cache_->UpdatePod(Pod("d", "d"));
  EXPECT_EQ(UidOf("d"), "none");
  cache_->DeletePod("ns", "b", "b", now_);
  cache_->UpdatePod(Pod("d", "d"));
  EXPECT_EQ(UidOf("d"), "d");
  EXPECT_EQ(UidOf("b"), "none");
  EXPECT_EQ(UidOf("a"), "a");
  cache_->UpdatePod(Pod("a", "a2"));  // known ones are always updated
  EXPECT_EQ(UidOf("a"), "a2");
  EXPECT_EQ(cache_->snapshot()->pods(), 3U);
}

TEST_F(PodCacheTest, DeletedPodsHaveALimitOfTheirOwn) {
  Limits({.deleted_max = 2});
  for (const char* name : {"a", "b", "c"}) {
    cache_->UpdatePod(Pod(name, name));
    cache_->DeletePod("ns", name, name, now_);
  }
  EXPECT_EQ(UidOf("a"), "none");
  EXPECT_EQ(UidOf("b"), "b");
  EXPECT_EQ(UidOf("c"), "c");
}

TEST_F(PodCacheTest, NamespaceIsKeptUntilAListWithoutIt) {
  cache_->BeginNamespaceList();
  cache_->UpdateNamespace({"ns", "u", 0, {}, {}});
  cache_->EndNamespaceList();
  cache_->DeleteNamespace("ns");
  cache_->Publish();
  EXPECT_NE(cache_->snapshot()->FindNamespace("ns"), nullptr);
  cache_->BeginNamespaceList();
  cache_->EndNamespaceList();
  cache_->Publish();
  EXPECT_EQ(cache_->snapshot()->FindNamespace("ns"), nullptr);
}

TEST_F(PodCacheTest, AbsentUntilSeen) {
  cache_->MarkAbsent("ns", "a");
  cache_->Publish();
  EXPECT_TRUE(cache_->snapshot()->KnownAbsent("ns", "a"));
  cache_->UpdatePod(Pod("a", "1"));
  cache_->Publish();
  EXPECT_FALSE(cache_->snapshot()->KnownAbsent("ns", "a"));
  cache_->ForgetPod("ns", "a");
  EXPECT_EQ(UidOf("a"), "none");
}

// Readers check the generation and look things up while pods come and go.
TEST_F(PodCacheTest, ReadersNeverSeeHalfAChange) {
  std::atomic<bool> done{false};
  std::thread reader([&] {
    uint64_t generation = 0;
    while (!done) {
      if (cache_->generation() == generation) continue;
      const auto snapshot = cache_->snapshot();
      ASSERT_GE(snapshot->generation(), generation);
      generation = snapshot->generation();
      const PodMeta* a = snapshot->Find("ns", "a");
      const PodMeta* b = snapshot->Find("ns", "b");
      ASSERT_EQ(a == nullptr, b == nullptr);
      if (a != nullptr) {
        ASSERT_EQ(a->ip, b->ip);
      }
    }
  });
  for (int i = 0; i < 2000; ++i) {
    cache_->UpdatePod(Pod("a", "1", std::to_string(i)));
    cache_->UpdatePod(Pod("b", "2", std::to_string(i)));
    cache_->Publish();
  }
  done = true;
  reader.join();
}

}  // namespace
}  // namespace tailrace::kubernetes
