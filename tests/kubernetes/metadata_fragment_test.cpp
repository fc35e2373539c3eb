// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/metadata_fragment.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include "kubernetes/object_reader.h"

namespace tailrace::kubernetes {
namespace {

constexpr char kPodJson[] =
    R"({"kind":"Pod","metadata":{"name":"web-0","namespace":"prod","uid":"uid-1",
  "creationTimestamp":"2025-05-08T09:22:42Z","labels":{"app":"web","b":"quote \" and ü"},
  "annotations":{"z":"1","a.x":"2","kubernetes.io/config.hash":"hash-1","big":"never asked for"},
  "ownerReferences":[{"apiVersion":"apps/v1","kind":"StatefulSet","name":"web","uid":"o"}]},
  "spec":{"nodeName":"node-3"},
  "status":{"podIP":"10.0.0.7","containerStatuses":[
    {"name":"nginx","image":"nginx:1","imageID":"sha256:aa","containerID":"containerd://c0ffee"},
    {"name":"waiting","image":"w:1","imageID":"","state":{}}],
   "initContainerStatuses":[{"name":"init","image":"i:1","imageID":"sha256:ii","containerID":"cri-o://1"}]}})";
constexpr char kNamespaceJson[] =
    R"({"metadata":{"name":"prod","uid":"ns-1","creationTimestamp":"2025-05-08T09:22:01Z",
        "labels":{"tenant":"t"},"annotations":{"a.ns":"n"}}})";

class MetadataFragmentTest : public testing::Test {
 protected:
  void SetUp() override {
    // Rank: a.* before z.
    keep_.annotation = [](std::string_view key) -> std::optional<int> {
      if (key.starts_with("a.")) return 0;
      if (key == "z") return 1;
      return std::nullopt;
    };
    simdjson::dom::parser parser;
    pod_ = *ReadPod(parser.parse(std::string(kPodJson)).value(), keep_);
    namespace_ = *ReadNamespace(parser.parse(std::string(kNamespaceJson)).value(), keep_);
    options_.master_url = "https://api";
  }
  MetadataFragment Render(const PodKnowledge& known) const {
    return RenderFragment(ref_, known, options_);
  }

  KeepOptions keep_;
  PodMeta pod_;
  NamespaceMeta namespace_;
  FragmentOptions options_;
  ContainerRef ref_{"prod", "web-0", "nginx", "", "abc"};
};

TEST_F(MetadataFragmentTest, EverythingInThePluginsOrder) {
  options_.include_ownerrefs = true;
  const MetadataFragment fragment = Render({&pod_, &namespace_, true});
  EXPECT_EQ(fragment.docker, R"({"container_id":"c0ffee"})");
  EXPECT_EQ(
      fragment.kubernetes,
      R"({"container_name":"nginx","namespace_name":"prod","pod_name":"web-0",)"
      R"("container_image":"nginx:1","container_image_id":"sha256:aa","pod_id":"uid-1",)"
      R"("pod_ip":"10.0.0.7","host":"node-3","ownerrefs":[{"kind":"StatefulSet","name":"web"}],)"
      R"("labels":{"app":"web","b":"quote \" and ü"},"annotations":{"a.x":"2","z":"1"},)"
      R"("master_url":"https://api","namespace_id":"ns-1","namespace_labels":{"tenant":"t"},)"
      R"("namespace_annotations":{"a.ns":"n"}})");
  EXPECT_TRUE(fragment.kubernetes_older.empty());
}

TEST_F(MetadataFragmentTest, SkipOptions) {
  options_.skip_container_metadata = options_.skip_pod_labels = options_.skip_master_url = true;
  options_.skip_namespace_metadata = true;
  pod_.annotations.clear();
  const MetadataFragment fragment = Render({&pod_, &namespace_, true});
  EXPECT_EQ(fragment.docker, R"({"container_id":"abc"})");
  EXPECT_EQ(fragment.kubernetes,
            R"({"container_name":"nginx","namespace_name":"prod","pod_name":"web-0",)"
            R"("pod_id":"uid-1","pod_ip":"10.0.0.7","host":"node-3"})");
}

TEST_F(MetadataFragmentTest, ContainerThatHasNotStarted) {
  ref_.container_name = "waiting";
  const MetadataFragment fragment = Render({&pod_, nullptr, true});
  EXPECT_EQ(fragment.docker, R"({"container_id":"abc"})");
  EXPECT_NE(fragment.kubernetes.find(R"("container_image":"w:1","pod_id")"), std::string::npos)
      << fragment.kubernetes;
}

TEST_F(MetadataFragmentTest, InitContainerHasItsImage) {
  ref_.container_name = "init";
  EXPECT_NE(Render({&pod_, nullptr, true}).kubernetes.find(R"("container_image":"i:1")"),
            std::string::npos);
}

TEST_F(MetadataFragmentTest, NoContainerIdNoDocker) {
  ref_ = {"prod", "web-0", "gone", "uid-1", ""};
  EXPECT_EQ(Render({&pod_, nullptr, true}).docker, "");
}

TEST_F(MetadataFragmentTest, NothingIsKnownYet) {
  EXPECT_EQ(Render({nullptr, nullptr, false}).kubernetes,
            R"({"container_name":"nginx","namespace_name":"prod","pod_name":"web-0"})");
}

TEST_F(MetadataFragmentTest, Orphan) {
  EXPECT_EQ(Render({nullptr, nullptr, true}).kubernetes,
            R"({"container_name":"nginx","namespace_name":".orphaned","pod_name":"web-0",)"
            R"("orphaned_namespace":"prod","namespace_id":"orphaned"})");
  options_.allow_orphans = false;
  EXPECT_EQ(Render({nullptr, nullptr, true}).kubernetes,
            R"({"container_name":"nginx","namespace_name":"prod","pod_name":"web-0"})");
}

TEST_F(MetadataFragmentTest, PodIsGoneButItsNamespaceIsThere) {
  const MetadataFragment fragment = Render({nullptr, &namespace_, true});
  const std::string tail =
      R"("namespace_id":"ns-1","namespace_labels":{"tenant":"t"},"namespace_annotations":{"a.ns":"n"}})";
  const std::string head =
      R"({"container_name":"nginx","namespace_name":"prod","pod_name":"web-0",)";
  EXPECT_EQ(fragment.KubernetesAt(namespace_.created), head + R"("pod_id":"abc",)" + tail);
  EXPECT_EQ(fragment.KubernetesAt(namespace_.created - 1), head + tail);
}

TEST_F(MetadataFragmentTest, EchoShape) {
  options_.shape = MetadataShape::kEcho;
  const MetadataFragment fragment = Render({&pod_, &namespace_, true});
  EXPECT_EQ(fragment.docker, "");
  EXPECT_EQ(
      fragment.kubernetes,
      R"({"namespace":"prod","pod_name":"web-0","container_name":"nginx","node_name":"node-3"})");
  EXPECT_EQ(Render({nullptr, nullptr, true}).kubernetes,
            R"({"namespace":"prod","pod_name":"web-0","container_name":"nginx"})");
}

TEST_F(MetadataFragmentTest, BytesThatAreNotUtf8BecomeValidJson) {
  ref_.namespace_name = "n\xff\"s";
  const std::string json = Render({nullptr, nullptr, false}).kubernetes;
  simdjson::dom::parser parser;
  EXPECT_EQ(parser.parse(json).error(), simdjson::SUCCESS) << json;
}

TEST_F(MetadataFragmentTest, IncarnationByUid) {
  PodMeta next = pod_;
  next.uid = "uid-2";
  next.config_hash = "hash-2";
  next.previous = std::make_shared<const PodMeta>(pod_);
  ContainerRef ref{"prod", "web-0", "nginx", "uid-2", ""};
  EXPECT_EQ(ChooseIncarnation(ref, &next), &next);
  ref.pod_uid = "uid-1";
  EXPECT_EQ(ChooseIncarnation(ref, &next), next.previous.get());
  ref.pod_uid = "hash-2";  // a static pod's folder
  EXPECT_EQ(ChooseIncarnation(ref, &next), &next);
  ref.pod_uid = "uid-0";
  EXPECT_EQ(ChooseIncarnation(ref, &next), nullptr);
  EXPECT_EQ(ChooseIncarnation(ref, nullptr), nullptr);
}

TEST_F(MetadataFragmentTest, IncarnationByContainer) {
  PodMeta next = pod_;
  next.containers[0].container_id = "d00d";
  next.previous = std::make_shared<const PodMeta>(pod_);
  EXPECT_EQ(ChooseIncarnation({"prod", "web-0", "nginx", "", "c0ffee"}, &next),
            next.previous.get());
  EXPECT_EQ(ChooseIncarnation({"prod", "web-0", "nginx", "", "d00d"}, &next), &next);
  // A container that was restarted since: the pod is the same.
  EXPECT_EQ(ChooseIncarnation({"prod", "web-0", "nginx", "", "older"}, &next), &next);
}

TEST(ObjectReaderTest, Time) {
  EXPECT_EQ(ParseApiTime("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(ParseApiTime("2025-05-08T09:22:42Z"), 1746696162);
  EXPECT_EQ(ParseApiTime("2024-02-29T23:59:59Z"), 1709251199);
  EXPECT_EQ(ParseApiTime("2024-02-29 23:59:59Z"), 0);
  EXPECT_EQ(ParseApiTime(""), 0);
}

TEST(ObjectReaderTest, OddObjects) {
  simdjson::dom::parser parser;
  for (const char* text : {"{}", "[]", "3", R"({"metadata":3})", R"({"metadata":{"name":"x"}})",
                           R"({"metadata":{"name":1,"namespace":2}})"}) {
    EXPECT_FALSE(ReadPod(parser.parse(std::string(text)).value(), {})) << text;
  }
  const auto pod =
      ReadPod(parser
                  .parse(std::string(R"({"metadata":{"name":"x","namespace":"y","labels":[1],
      "ownerReferences":{}},"spec":null,"status":{"podIP":4,"containerStatuses":[1,{"name":2},null]}})"))
                  .value(),
              {});
  ASSERT_TRUE(pod);
  EXPECT_TRUE(pod->labels.empty());
  EXPECT_TRUE(pod->containers.empty());
}

}  // namespace
}  // namespace tailrace::kubernetes
