// Who used the processors during a measurement: on a machine that others share, a figure without it means nothing.
using System.Diagnostics;
using System.Globalization;

namespace HotStandby.Bench.Load;

/// <summary>Processor time so far.</summary>
internal readonly record struct ProcessorClock(TimeSpan Primary, TimeSpan Standbys, TimeSpan Load, TimeSpan Machine, long Timestamp)
{
    private const double KernelTicksPerSecond = 100; // USER_HZ, part of Linux' interface

    /// <summary>Reads all clocks.</summary>
    public static ProcessorClock Read(LoadCluster cluster) => new(
        cluster.Primary.ProcessorTime, TimeSpan.FromTicks(cluster.Standbys.Sum(node => node.ProcessorTime.Ticks)),
        Environment.CpuUsage.TotalTime, MachineTime(), Stopwatch.GetTimestamp());

    /// <summary>Cores that were busy since.</summary>
    public Observation Since(ProcessorClock start, long operations)
    {
        var seconds = Stopwatch.GetElapsedTime(start.Timestamp, Timestamp).TotalSeconds;
        var (primary, standbys, load) = (Primary - start.Primary, Standbys - start.Standbys, Load - start.Load);
        var others = Machine - start.Machine - primary - standbys - load;
        return new Observation(operations, Cores(primary), Cores(standbys), Cores(load), Cores(others));

        double Cores(TimeSpan time) => Math.Round(time.TotalSeconds / seconds, 2);
    }

    // user, nice, system, idle, iowait, irq, softirq, steal: all but idle and iowait is work, ours or another's.
    private static TimeSpan MachineTime()
    {
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var busy = 0L;
        foreach (var field in (int[])[1, 2, 3, 6, 7, 8])
            busy += long.Parse(fields[field], CultureInfo.InvariantCulture);
        return TimeSpan.FromSeconds(busy / KernelTicksPerSecond);
    }
}
