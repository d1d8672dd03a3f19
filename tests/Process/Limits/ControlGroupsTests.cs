// The limits of control groups, from directories laid out as the kernel does.
using HotStandby.Host.Limits;

namespace HotStandby.Tests.Process.Limits;

public sealed class ControlGroupsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("groups-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Version_2_counts_the_least_of_the_group_and_those_above_it()
    {
        Write("proc/self/cgroup", "0::/system.slice/node.service\n");
        Write("sys/fs/cgroup/system.slice/node.service/memory.max", "max\n");
        Write("sys/fs/cgroup/system.slice/memory.max", "1073741824\n");
        Write("sys/fs/cgroup/system.slice/node.service/pids.max", "120\n");
        Write("sys/fs/cgroup/system.slice/pids.max", "4000\n");
        Assert.Equal((1L << 30, 120L), (Groups.MostMemory(), Groups.MostThreads()));
    }

    [Fact]
    public void Version_2_in_a_container_has_its_limit_at_the_mount()
    {
        Write("proc/self/cgroup", "0::/\n");
        Write("sys/fs/cgroup/memory.max", "536870912\n");
        Write("sys/fs/cgroup/pids.max", "max\n");
        Assert.Equal((512L << 20, null), (Groups.MostMemory(), Groups.MostThreads()));
    }

    [Fact]
    public void Version_1_in_a_container_has_the_machines_path_and_its_own_mount()
    {
        Write("proc/self/cgroup", "9:name=systemd:/docker/abc\n8:pids:/docker/abc\n5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n");
        Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "268435456\n");
        Write("sys/fs/cgroup/pids/pids.max", "100\n");
        Assert.Equal((256L << 20, 100L), (Groups.MostMemory(), Groups.MostThreads()));
    }

    [Fact]
    public void Version_1_says_no_limit_by_a_number_near_the_largest()
    {
        Write("proc/self/cgroup", "4:memory:/\n8:pids:/\n");
        Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        Write("sys/fs/cgroup/pids/pids.max", "max\n");
        Assert.Equal((null, (long?)null), (Groups.MostMemory(), Groups.MostThreads()));
    }

    [Fact]
    public void What_is_not_there_or_makes_no_sense_is_no_limit()
    {
        Assert.Equal((null, (long?)null), (Groups.MostMemory(), Groups.MostThreads()));
        Write("proc/self/cgroup", "nonsense\n0::\n::::\n");
        Write("sys/fs/cgroup/memory.max", "a lot\n");
        Write("sys/fs/cgroup/pids.max", "");
        Assert.Equal((null, (long?)null), (Groups.MostMemory(), Groups.MostThreads()));
    }

    private ControlGroups Groups => new(_root);

    private void Write(string path, string text)
    {
        var file = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
