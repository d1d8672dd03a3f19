namespace HotStandby.CommandLine;

/// <summary>How the process ends. The numbers above 63 are those of sysexits.h, which supervisors know.</summary>
public static class ExitCode
{
    /// <summary>Done, and everything is as it should be.</summary>
    public const int Ok = 0;

    /// <summary>The run came to its end and what it was to show is not so: something acknowledged is lost, nodes differ.</summary>
    public const int FailedRun = 1;

    /// <summary>Service goes on, but fewer voters count than are configured.</summary>
    public const int Degraded = 2;

    /// <summary>The nodes answer, and none of them serves.</summary>
    public const int NoService = 3;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 64;

    /// <summary>Input data is wrong: a broken trace line, a data directory that is damaged or belongs to another node.</summary>
    public const int BadData = 65;

    /// <summary>An input file does not exist.</summary>
    public const int InputMissing = 66;

    /// <summary>A bug: a broken invariant or an unforeseen exception. The node must be restarted, not trusted.</summary>
    public const int Internal = 70;

    /// <summary>Reading or writing failed, the disk for example.</summary>
    public const int InputOutput = 74;

    /// <summary>Not now: no cluster could be formed, no node serves. Trying again later is right.</summary>
    public const int Temporary = 75;

    /// <summary>The configuration is wrong; starting again changes nothing.</summary>
    public const int Configuration = 78;

    /// <summary>Ended by Ctrl-C before the work was done (128 + SIGINT, as shells count).</summary>
    public const int Interrupted = 130;
}
