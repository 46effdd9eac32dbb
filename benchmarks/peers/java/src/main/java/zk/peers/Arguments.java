package zk.peers;

import java.util.HashMap;
import java.util.Map;

/** {@code --name value} pairs, as the programs in JavaScript take them. */
record Arguments(Map<String, String> values) {
  static Arguments of(String[] args) {
    Map<String, String> values = new HashMap<>();
    for (int i = 0; i < args.length; i += 2) {
      if (!args[i].startsWith("--") || i + 1 == args.length) throw new IllegalArgumentException("expected --name value, got " + args[i]);
      values.put(args[i].substring(2), args[i + 1]);
    }
    return new Arguments(values);
  }

  String text(String name) {
    String value = values.get(name);
    if (value == null) throw new IllegalArgumentException("--" + name + " is missing");
    return value;
  }

  int number(String name) {
    return Integer.parseInt(text(name));
  }

  int number(String name, int otherwise) {
    return values.containsKey(name) ? number(name) : otherwise;
  }
}
