{
  # Only headers of node-rdkafka are used: package managers may run this build before node-rdkafka's own is done.
  # The functions themselves are looked up at run time (native/library.cc).
  "variables": {
    "node_rdkafka": "<!(node -e \"process.stdout.write(path.dirname(require.resolve('node-rdkafka/package.json')))\")",
    "nan": "<!(node -e \"process.stdout.write(path.dirname(require.resolve('nan/package.json')))\")",
    "node_rdkafka_version": "<!(node -e \"process.stdout.write(require('node-rdkafka/package.json').version.replace('v', ''))\")"
  },
  "targets": [
    {
      "target_name": "zk_native",
      "sources": [
        "native/addon.cc",
        "native/allocator.cc",
        "native/block.cc",
        "native/broker_call.cc",
        "native/commit.cc",
        "native/handle.cc",
        "native/key_hash.cc",
        "native/library.cc",
        "native/mock_cluster.cc",
        "native/partition.cc",
        "native/producer.cc",
        "native/producer_object.cc",
        "native/reader.cc",
        "native/reader_object.cc",
        "native/token.cc",
        "native/topic_ids.cc",
        "native/wake_up.cc"
      ],
      "include_dirs": [
        "<(nan)",
        "<(node_rdkafka)",
        "<(node_rdkafka)/deps/librdkafka/src",
        "<(node_rdkafka)/deps/librdkafka/src-cpp"
      ],
      "defines": ["ZK_NODE_RDKAFKA_VERSION=\"<(node_rdkafka_version)\""],
      "cflags_cc": ["-std=c++20", "-O2", "-Wall", "-Wno-cast-function-type", "-Wno-unused-parameter", "-Wno-ignored-qualifiers"],
      "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["-std=c++20"], "MACOSX_DEPLOYMENT_TARGET": "11.0" }
    }
  ]
}
