namespace HotStandby.Actors.Settings;

/// <summary>The rule for paths of files, in settings and on command lines.</summary>
public static class FilePaths
{
    /// <summary>What is wrong with a path for which <see cref="IsHomeRelative"/> is true, as the end of a sentence.</summary>
    public const string HomeRule =
        "begins with ~, which only a shell expands; write the whole path or, in a configuration file, ${HOME}/... "
        + "(./~ for a file of that name)";

    /// <summary>
    /// True for a path that begins with a tilde: taken literally, it would name a directory called ~ in the working directory.
    /// </summary>
    public static bool IsHomeRelative(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.TrimStart().StartsWith('~');
    }
}
