// The runtime opens the file of an assembly when its code is first used. A process without a free descriptor cannot, and the runtime ends it
// with "Out of memory.". So a node opens all of them before its ports do.
using System.Reflection;

namespace HotStandby.Host.Limits;

/// <summary>Loads the program's code before strangers can use up the descriptors that loading takes.</summary>
internal static class CodePreload
{
    /// <summary>Loads what an assembly refers to, directly or not.</summary>
    /// <param name="program">Where to begin.</param>
    /// <returns>How many assemblies are loaded now because of it. What is referred to and not installed is not among them: an optional part of
    /// a package, which fails where it is used, as it would have without this.</returns>
    public static int LoadAllOf(Assembly program)
    {
        ArgumentNullException.ThrowIfNull(program);
        var loaded = new HashSet<string> { program.FullName! };
        var left = new Stack<Assembly>([program]);
        while (left.TryPop(out var assembly))
        {
            foreach (var name in assembly.GetReferencedAssemblies())
            {
                if (loaded.Contains(name.FullName))
                    continue;
                try
                {
                    left.Push(Assembly.Load(name));
                    loaded.Add(name.FullName);
                }
                catch (FileNotFoundException)
                {
                    // Not installed.
                }
            }
        }

        return loaded.Count;
    }
}
