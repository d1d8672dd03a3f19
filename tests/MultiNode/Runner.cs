// Specs run one at a time, each in four processes: xUnit's own runner would start several at once, and count no processes.
[assembly: TestFramework("Akka.MultiNode.TestAdapter.MultiNodeTestFramework", "Akka.MultiNode.TestAdapter.Xunit2")]
