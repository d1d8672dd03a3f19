// Opens the data directory of this node before anything in it speaks to another node: what the node is, among the lives of its name, is
// told by its directory. Called by HotStandbyNode.
using Akka.Actor;
using Akka.Persistence;
using HotStandby.Actors.Settings;

namespace HotStandby.Actors.Journal;

/// <summary>The node to its embedded journal: in which directory are you? Answered with <see cref="DataDirectoryOpen"/>, or with why there is none.</summary>
internal sealed record GetDataDirectory : INoSerializationVerificationNeeded
{
    public static readonly GetDataDirectory Instance = new();
}

/// <summary>The embedded journal to the node: this is it, open until the journal stops.</summary>
/// <param name="Directory">The directory.</param>
internal sealed record DataDirectoryOpen(DataDirectory Directory) : INoSerializationVerificationNeeded;

/// <summary>Opens the directory, whichever journal is in use.</summary>
internal static class OwnDirectory
{
    // A disk may be slow. A plugin that does not answer at all is not waited for: the node would hang without a word.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The embedded journal opens it by itself. Any other journal keeps its records elsewhere, and the directory holds the identity.</summary>
    /// <exception cref="JournalException">It must not be used by this node.</exception>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not read or write there.</exception>
    /// <exception cref="AskTimeoutException">The journal does not answer.</exception>
    public static async Task<DataDirectory> OpenAsync(ActorSystem system, HotStandbySettings settings)
    {
        var plugin = settings.Journal.Plugin;
        if (Type.GetType(system.Settings.Config.GetString($"{plugin}.class", "")) == typeof(FileJournal))
            return (await Persistence.Instance.Apply(system).JournalFor(plugin).Ask<DataDirectoryOpen>(GetDataDirectory.Instance, Patience)).Directory;
        var disk = system.Settings.Setup.Get<FileJournalSetup>().Select(setup => setup.Disk).GetOrElse(FileDisk.Instance);
        var directory = DataDirectory.Open(disk, settings.DataDirectory, settings.ClusterId, settings.NodeId.Name, mayHoldOthers: true);
        system.RegisterOnTermination(directory.Dispose);
        return directory;
    }
}
